import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import type { Label } from "../../src/api";
import { anImage, aPendingImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { goBack } from "../goBack";
import { openPage } from "../openPage";

function labels(...names: string[]): Label[] {
  return names.map((name) => ({ name, score: 0.5, source: "model" }));
}

async function openWithThree() {
  const gallery = new FakeGallery([
    aPendingImage({ filename: "new.jpg" }),
    anImage({ caption: "a dog on the beach", labels: labels("golden retriever", "seashore") }),
    anImage({ caption: "a dog on a sofa", labels: labels("golden retriever", "sofa bed") }),
  ]);
  const user = openPage();
  await screen.findByText("a dog on the beach");
  return { gallery, user, box: screen.getByRole("combobox", { name: "Search photos" }) };
}

function captions() {
  return screen.queryAllByRole("img", { name: /dog/ }).map((picture) => picture.getAttribute("alt"));
}

describe("searching", () => {
  test("finds photos as one types, and keeps the words in the address", async () => {
    const { user, box } = await openWithThree();

    await user.type(box, "dog bea");

    await waitFor(() => {
      expect(captions()).toEqual(["a dog on the beach"]);
    });
    expect(window.location.search).toBe("?q=dog+bea");
    expect(await screen.findByText("1 photo found")).toBeVisible();

    await user.click(screen.getByRole("button", { name: "Clear search" }));

    await waitFor(() => {
      expect(captions()).toHaveLength(2);
    });
    expect(window.location.search).toBe("");
    expect(box).toHaveFocus();
  });

  test("begins with what the address says", async () => {
    new FakeGallery([anImage({ caption: "a dog on a sofa" }), anImage({ caption: "a cat" })]);
    window.history.replaceState(null, "", "/?q=sofa");
    openPage();
    expect(await screen.findByText("1 photo found")).toBeVisible();
    expect(captions()).toEqual(["a dog on a sofa"]);
    expect(screen.getByRole("combobox", { name: "Search photos" })).toHaveValue("sofa");
  });

  test("suggests labels, and narrows down to the one chosen by keyboard", async () => {
    const { user, box } = await openWithThree();

    await user.keyboard("/");
    expect(box).toHaveFocus();
    await user.keyboard("s");

    const options = within(await screen.findByRole("listbox", { name: "Labels" }));
    await waitFor(() => {
      expect(options.getAllByRole("option").map((option) => option.textContent)).toEqual([
        "seashore1 photo",
        "sofa bed1 photo",
      ]);
    });
    await user.keyboard("{ArrowDown}{ArrowDown}");
    expect(options.getByRole("option", { name: /sofa/ })).toHaveAttribute("aria-selected", "true");
    await user.keyboard("{Enter}");

    await waitFor(() => {
      expect(captions()).toEqual(["a dog on a sofa"]);
    });
    expect(window.location.search).toBe("?label=sofa+bed");
    expect(box).toHaveValue("");

    await user.click(screen.getByRole("button", { name: "Remove the filter sofa bed" }));

    await waitFor(() => {
      expect(captions()).toHaveLength(2);
    });
  });

  test("shows photos of one status", async () => {
    const { user } = await openWithThree();
    const filter = screen.getByRole("combobox", { name: "Show photos that are" });
    expect(within(filter).getByRole("option", { name: "Waiting (1)" })).toBeInTheDocument();

    await user.selectOptions(filter, "pending");

    await waitFor(() => {
      expect(captions()).toEqual([]);
    });
    expect(screen.getByText("new.jpg")).toBeVisible();
    expect(window.location.search).toBe("?status=pending");
  });

  test("lets go of a photo that no longer has the status", async () => {
    const gallery = new FakeGallery([aPendingImage({ id: "new", filename: "new.jpg" })]);
    window.history.replaceState(null, "", "/?status=pending");
    openPage();
    await screen.findByText("new.jpg");
    gallery.finish("new", "a dog");
    expect(await screen.findByText("No photo waits for its caption.")).toBeVisible();
  });

  test("says that nothing was found, and shows the way out", async () => {
    const { user, box } = await openWithThree();
    await user.type(box, "zebra");
    expect(await screen.findByText("No photo matches “zebra”.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Show all photos" }));
    expect(await screen.findByText("a dog on the beach")).toBeVisible();
    expect(box).toHaveValue("");
  });

  test("goes back to the search before by Back", async () => {
    const { user } = await openWithThree();
    const filter = screen.getByRole("combobox", { name: "Show photos that are" });
    await user.selectOptions(filter, "ready");
    await user.selectOptions(filter, "pending");
    await waitFor(() => {
      expect(captions()).toEqual([]);
    });

    await goBack();

    await waitFor(() => {
      expect(captions()).toHaveLength(2);
    });
    expect(filter).toHaveValue("ready");
  });
});
