import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, test, vi } from "vitest";
import { anImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";

async function openWithThree() {
  const gallery = new FakeGallery([
    anImage({ id: "dog", caption: "a dog", filename: "dog.jpg" }),
    anImage({ id: "cat", caption: "a cat", filename: "cat.jpg" }),
    anImage({ id: "cow", caption: "a cow", filename: "cow.jpg" }),
  ]);
  const user = openPage({ busyMs: 60_000, idleMs: 60_000 });
  await screen.findByText("a dog");
  const select = async (...names: string[]) => {
    for (const name of names) await user.click(screen.getByRole("checkbox", { name: `Select ${name}` }));
  };
  return { gallery, user, select };
}

function waitOut() {
  return act(() => vi.advanceTimersByTimeAsync(9000));
}

describe("deleting", () => {
  test("takes photos away at once, and really deletes them after a while", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { gallery, user, select } = await openWithThree();
    await select("a dog", "a cow");

    await user.click(screen.getByRole("button", { name: "Delete" }));

    expect(screen.queryByText("a dog")).not.toBeInTheDocument();
    expect(screen.getByText("a cat")).toBeVisible();
    expect(screen.getByText(/^2 photos deleted. Undo/)).toBeInTheDocument();
    expect(gallery.deletions).toEqual([]);

    await waitOut();

    expect(gallery.deletions).toEqual([{ ids: ["dog", "cow"], keepalive: false }]);
    expect(screen.queryByRole("button", { name: /Undo/ })).not.toBeInTheDocument();
  });

  test("brings them back on request", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { gallery, user, select } = await openWithThree();
    await select("a dog");
    await user.keyboard("{Delete}");
    expect(screen.queryByText("a dog")).not.toBeInTheDocument();

    await user.click(screen.getByRole("button", { name: /Undo/ }));

    expect(screen.getByText("a dog")).toBeVisible();
    await waitOut();
    expect(gallery.deletions).toEqual([]);
    expect(screen.getByText("a dog")).toBeVisible();
  });

  test("waits while one points at the offer to undo", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { gallery, user, select } = await openWithThree();
    await select("a dog");
    await user.keyboard("{Delete}");

    await user.hover(screen.getByRole("button", { name: /Undo/ }));
    await waitOut();
    expect(gallery.deletions).toEqual([]);

    await user.unhover(screen.getByRole("button", { name: /Undo/ }));
    await waitOut();
    expect(gallery.deletions).toHaveLength(1);
  });

  test("still happens when the page is left meanwhile", async () => {
    const { gallery, user, select } = await openWithThree();
    await select("a cat");
    await user.keyboard("{Delete}");

    fireEvent(window, new Event("pagehide"));

    await waitFor(() => {
      expect(gallery.deletions).toEqual([{ ids: ["cat"], keepalive: true }]);
    });
  });

  test("undoes the latest of several first", async () => {
    const { user, select } = await openWithThree();
    await select("a dog");
    await user.keyboard("{Delete}");
    await select("a cow");
    await user.keyboard("{Delete}");

    await user.keyboard("{Control>}z{/Control}");

    expect(screen.getByText("a cow")).toBeVisible();
    expect(screen.queryByText("a dog")).not.toBeInTheDocument();

    await user.keyboard("{Control>}z{/Control}");

    expect(screen.getByText("a dog")).toBeVisible();
  });

  test("brings photos back, with the reason, when the gallery could not delete them", async () => {
    const { gallery, user, select } = await openWithThree();
    gallery.refusal = { status: 503, detail: "A service did not answer; try again." };
    await select("a dog");
    await user.keyboard("{Delete}");

    await user.click(screen.getByRole("button", { name: "Delete for good now" }));

    expect(await screen.findByRole("alert")).toHaveTextContent(
      "“dog.jpg” was not deleted. A service did not answer; try again.",
    );
    expect(screen.getByText("a dog")).toBeVisible();

    gallery.refusal = null;
    await user.click(screen.getByRole("button", { name: "Try again" }));

    await waitFor(() => {
      expect(gallery.images).toHaveLength(2);
    });
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });
});
