import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { anImage, aPendingImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { goBack } from "../goBack";
import { openPage } from "../openPage";

function aGallery() {
  return new FakeGallery([
    anImage({ id: "dog", caption: "a dog", filename: "dog.jpg" }),
    anImage({ id: "cat", caption: "a cat", filename: "cat.jpg", camera: "Canon EOS 5D", bytes: 2_400_000 }),
    anImage({ id: "cow", caption: "a cow", filename: "cow.jpg" }),
  ]);
}

async function openPhoto(caption: string) {
  const user = openPage();
  await user.click(await screen.findByRole("link", { name: caption }));
  const dialog = await screen.findByRole("dialog", { name: caption });
  return { user, dialog, details: within(screen.getByRole("complementary", { name: "Details" })) };
}

describe("a photo that is open", () => {
  test("shows what is known of it, and has an address of its own", async () => {
    aGallery();
    const { details, dialog } = await openPhoto("a cat");

    expect(window.location.search).toBe("?photo=cat");
    expect(document.title).toBe("a cat – Captionary");
    expect(dialog).toHaveFocus();
    expect(details.getByText("a cat")).toBeVisible();
    expect(details.getByRole("button", { name: "tabby cat 87%" })).toBeVisible();
    expect(details.getByText("Canon EOS 5D")).toBeVisible();
    expect(details.getByText("4000 × 3000, 2.4 MB")).toBeVisible();
    expect(screen.getByRole("link", { name: "Download the original" })).toHaveAttribute(
      "href",
      "/api/images/cat/original",
    );
  });

  test("shows what strangers wrote as text, whatever it looks like", async () => {
    const markup = '<img src="x" onerror="alert(1)"><script>alert(2)</script>';
    new FakeGallery([
      anImage({
        id: "odd",
        caption: markup,
        camera: markup,
        filename: `${markup}.jpg`,
        labels: [{ name: "javascript:alert(3)", score: 0.9, source: "model" }],
      }),
    ]);
    const { details } = await openPhoto(markup);

    expect(details.getByText(markup, { selector: "dd, dd *" })).toBeVisible();
    expect(details.getByRole("button", { name: /^javascript:alert/ })).toBeVisible();
    expect(document.querySelector("[onerror], script")).toBeNull();
    for (const link of document.querySelectorAll("a")) {
      expect(link.protocol).toMatch(/^https?:$/);
    }
  });

  test("is closed by Back, and gives the focus back", async () => {
    aGallery();
    await openPhoto("a cat");

    await goBack();

    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(window.location.search).toBe("");
    expect(screen.getByRole("link", { name: "a cat" })).toHaveFocus();
  });

  test("is closed by Escape, which goes back", async () => {
    aGallery();
    const { user } = await openPhoto("a cat");
    await user.keyboard("{Escape}");
    await waitFor(() => {
      expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    });
  });

  test("opens by its address alone, even where the list does not reach that far", async () => {
    const gallery = new FakeGallery(Array.from({ length: 60 }, () => anImage()).reverse());
    gallery.images.push(anImage({ id: "deep", caption: "far down" }));
    window.history.replaceState(null, "", "/?photo=deep");

    openPage();

    expect(await screen.findByRole("dialog", { name: "far down" })).toBeVisible();
    expect(gallery.requests).toContain("GET /api/images/deep");
  });

  test("says so when it is not there any more", async () => {
    aGallery();
    window.history.replaceState(null, "", "/?photo=gone");
    const user = openPage();
    expect(await screen.findByText("This photo is not in the gallery any more.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Back to the gallery" }));
    expect(window.location.search).toBe("");
  });

  test("can be given another caption, and the model's again", async () => {
    const gallery = aGallery();
    const { user, details } = await openPhoto("a cat");

    await user.click(details.getByRole("button", { name: "Edit the caption" }));
    const field = details.getByRole("textbox", { name: "Caption" });
    await user.clear(field);
    await user.type(field, "our cat Tom{Enter}");

    expect(await screen.findByRole("dialog", { name: "our cat Tom" })).toBeVisible();
    expect(details.getByText(/In a person’s words/)).toBeVisible();
    expect(gallery.images[1]).toMatchObject({ caption: "our cat Tom", caption_source: "person" });

    await user.click(details.getByRole("button", { name: "Back to the model’s" }));

    await waitFor(() => {
      expect(gallery.images[1]?.edited.caption).toBe(false);
    });
    expect(await details.findByText("the model's words for cat.jpg")).toBeVisible();
  });

  test("keeps the caption when editing is called off, and says why it could not be saved", async () => {
    const gallery = aGallery();
    const { user, details } = await openPhoto("a cat");
    await user.click(details.getByRole("button", { name: "Edit the caption" }));
    await user.keyboard("!{Escape}");
    expect(details.getByText("a cat")).toBeVisible();

    gallery.refusal = { status: 503, detail: "A service did not answer; try again." };
    await user.click(details.getByRole("button", { name: "Edit the caption" }));
    await user.keyboard("!{Enter}");

    expect(await details.findByRole("alert")).toHaveTextContent("A service did not answer");
    expect(details.getByRole("textbox", { name: "Caption" })).toHaveValue("a cat!");
  });

  test("can be given other labels", async () => {
    const gallery = aGallery();
    const { user, details } = await openPhoto("a cat");

    await user.click(details.getByRole("button", { name: "Edit the labels" }));
    await user.click(details.getByRole("button", { name: "Remove tabby cat" }));
    await user.type(details.getByRole("textbox", { name: "New label" }), "Tom{Enter}pets");
    await user.click(details.getByRole("button", { name: "Save" }));

    expect(await details.findByRole("button", { name: "pets" })).toBeVisible();
    expect(gallery.images[1]?.labels.map(({ name }) => name)).toEqual(["Tom", "pets"]);
  });

  test("takes a verdict on its words", async () => {
    const gallery = aGallery();
    const { user, details } = await openPhoto("a cat");

    await user.click(details.getByRole("button", { name: /^Wrong/ }));

    expect(await details.findByText("Thanks. You can edit it, too.")).toBeVisible();
    expect(details.getByRole("button", { name: /^Wrong/ })).toHaveAttribute("aria-pressed", "true");
    expect(gallery.images[1]?.feedback).toEqual({ right: 0, wrong: 1 });
  });

  test("leads to photos with the same label", async () => {
    aGallery();
    const { user, details } = await openPhoto("a cat");
    await user.click(details.getByRole("button", { name: "tabby cat 87%" }));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(window.location.search).toBe("?label=tabby+cat");
    expect(await screen.findByText("3 photos found")).toBeVisible();
  });

  test("shows more like it, and marks copies", async () => {
    const gallery = aGallery();
    const [dog, , cow] = gallery.images;
    if (!dog || !cow) throw new Error("There are three.");
    gallery.similar = [
      { image: cow, similarity: 1, duplicate: "exact" },
      { image: dog, similarity: 0.7, duplicate: null },
    ];
    const { user, details } = await openPhoto("a cat");
    const copy = await details.findByRole("link", { name: "a cow same file" });
    expect(details.getByRole("link", { name: "a dog" })).toBeVisible();

    await user.click(copy);

    expect(await screen.findByRole("dialog", { name: "a cow" })).toBeVisible();
    await goBack();
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  test("gives way to its neighbour when it is deleted, and comes back on request", async () => {
    aGallery();
    const { user } = await openPhoto("a cat");

    await user.keyboard("{Delete}");

    expect(await screen.findByRole("dialog", { name: "a cow" })).toBeVisible();
    expect(screen.getByRole("button", { name: /Undo/ })).toBeVisible();

    await user.click(screen.getByRole("button", { name: /Undo/ }));

    await user.click(screen.getByRole("button", { name: "Back to the gallery" }));
    expect(await screen.findByRole("link", { name: "a cat" })).toBeVisible();
  });

  test("offers another attempt when it failed", async () => {
    const gallery = aGallery();
    gallery.change("cat", {
      ...aPendingImage({ id: "cat", filename: "cat.jpg" }),
      status: "failed",
      error: { code: "damaged", message: "The file is damaged." },
    });
    window.history.replaceState(null, "", "/?photo=cat");
    const user = openPage();
    const dialog = await screen.findByRole("dialog", { name: "cat.jpg" });
    await user.click(within(dialog).getByRole("button", { name: "Try again" }));
    expect(await within(dialog).findByText("Captioning…")).toBeVisible();
  });

  test("copies its caption", async () => {
    aGallery();
    const { user } = await openPhoto("a cat");
    await user.click(screen.getByRole("button", { name: "Copy the caption" }));
    expect(await screen.findByRole("button", { name: "Caption copied" })).toBeVisible();
    expect(await window.navigator.clipboard.readText()).toBe("a cat");
  });

  test("hides its details on request", async () => {
    aGallery();
    const { user } = await openPhoto("a cat");
    await user.keyboard("i");
    expect(screen.queryByRole("complementary")).not.toBeInTheDocument();
  });
});
