import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { anImage, aPendingImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";

let count = 0;

/** A file with a content of its own. */
function aFile(name: string, { type = "image/jpeg", size = 1000 } = {}): File {
  count += 1;
  return new File([new Uint8Array(size).fill(count)], name, { type });
}

function picker() {
  return screen.getByLabelText("Photos to add");
}

function tray() {
  return screen.findByRole("region", { name: "Uploads" });
}

describe("adding photos", () => {
  test("shows a photo at once when it is through", async () => {
    const gallery = new FakeGallery();
    const user = openPage({ busyMs: 60_000, idleMs: 60_000 });
    await screen.findByText(/No photos yet/);

    await user.upload(picker(), aFile("Grüße & Küsse.jpg"));

    expect(await screen.findByText("Captioning…")).toBeVisible();
    expect(screen.getByText("Grüße & Küsse.jpg")).toBeVisible();
    const [sent] = gallery.sent;
    expect(sent?.url).toBe("http://bucket/");
    expect([...(sent?.body as FormData).keys()]).toEqual(["key", "policy", "file"]);
    expect(gallery.signed).toEqual([
      { filename: "Grüße & Küsse.jpg", content_type: "image/jpeg", size: 1000 },
    ]);
    expect(screen.getByText("1 photo added", { selector: "[role=status]" })).toBeInTheDocument();
  });

  test("goes through the API where the bucket can't be reached", async () => {
    const gallery = new FakeGallery();
    gallery.isBucketDown = true;
    const user = openPage();

    await user.upload(picker(), aFile("Grüße.jpg"));

    expect(await screen.findByText("Captioning…")).toBeVisible();
    expect(gallery.sent[1]).toMatchObject({
      url: "/api/images",
      headers: { "Content-Type": "image/jpeg", "X-Filename": "Gr%C3%BC%C3%9Fe.jpg" },
    });
  });

  test("waits for a photo that the gallery has yet to find in the bucket", async () => {
    const gallery = new FakeGallery();
    gallery.findsPosted = false;
    const user = openPage();
    await user.upload(picker(), aFile("large.jpg", { size: 4_500_001 }));
    expect(await screen.findByText("Captioning…")).toBeVisible();

    gallery.add(aPendingImage({ id: "posted0", filename: "large.jpg" }));
    gallery.finish("posted0", "a large dog");

    expect(await screen.findByText("a large dog")).toBeVisible();
    expect(screen.getAllByRole("checkbox", { name: /^Select / })).toHaveLength(1);
  });

  test("skips what is already here, says so, and shows it", async () => {
    // The SHA-256 of three bytes, "abc": the first example of FIPS 180-2.
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const gallery = new FakeGallery([anImage({ caption: "a dog", sha256 })]);
    const user = openPage();
    await screen.findByText("a dog");
    const file = new File(["abc"], "again.jpg", { type: "image/jpeg" });

    await user.upload(picker(), [file, aFile("new.jpg")]);

    const list = within(await tray());
    expect(await list.findByText("Already here")).toBeVisible();
    expect(await list.findByRole("heading", { name: "1 photo added, 1 already here" })).toBeVisible();
    expect(gallery.sent).toHaveLength(1);

    await user.click(list.getByRole("button", { name: "Show again.jpg" }));

    expect(await screen.findByRole("dialog", { name: "a dog" })).toBeVisible();
  });

  test("takes pictures that are pasted", async () => {
    const gallery = new FakeGallery();
    openPage();
    await screen.findByText(/No photos yet/);
    const clipboardData = { files: [aFile("image.png", { type: "image/png" })] };

    fireEvent.paste(document.body, { clipboardData });

    await waitFor(() => {
      expect(gallery.signed[0]?.filename).toMatch(/^Pasted .*\.png$/);
    });
  });

  test("takes whole folders, but for files that no person put there", async () => {
    const gallery = new FakeGallery();
    const user = openPage();
    const folder = screen.getByLabelText("Folder to add");

    await user.upload(folder, [aFile("a.jpg"), aFile(".DS_Store", { type: "" }), aFile("b.jpg")]);

    await waitFor(() => {
      expect(gallery.signed.map(({ filename }) => filename)).toEqual(["a.jpg", "b.jpg"]);
    });
  });

  test("offers sample photos to begin with", async () => {
    const gallery = new FakeGallery();
    const user = openPage();

    await user.click(await screen.findByRole("button", { name: "Try it with these 5" }));

    await waitFor(() => {
      expect(screen.getAllByText("Captioning…")).toHaveLength(5);
    });
    expect(gallery.signed.map(({ filename }) => filename)).toContain("coffee.jpg");
  });

  test("cancels one upload, and all of them", async () => {
    const gallery = new FakeGallery();
    gallery.isHolding = true;
    const user = openPage();
    await user.upload(picker(), [aFile("a.jpg"), aFile("b.jpg"), aFile("c.jpg"), aFile("d.jpg")]);
    const list = within(await tray());
    expect(await list.findAllByRole("button", { name: /^Cancel .*jpg/ })).toHaveLength(3);

    await user.click(list.getByRole("button", { name: "Cancel b.jpg" }));

    expect(gallery.sent[1]?.isAborted).toBe(true);
    expect(await list.findByRole("progressbar", { name: "Upload of d.jpg" })).toBeVisible();

    await user.click(list.getByRole("button", { name: "Cancel all" }));

    expect(gallery.sent.every((sent) => sent.isAborted)).toBe(true);
    expect(list.getByRole("heading", { name: "0 photos added, 4 cancelled" })).toBeVisible();
    expect(gallery.images).toEqual([]);
  });

  test("tells the type of a photo by its name where the browser does not", async () => {
    const gallery = new FakeGallery();
    const user = openPage();

    await user.upload(picker(), aFile("IMG_1.HEIC", { type: "" }));

    await waitFor(() => {
      expect(gallery.signed[0]?.content_type).toBe("image/heic");
    });
  });

  test("takes files that are dropped anywhere on the window", async () => {
    const gallery = new FakeGallery();
    openPage();
    const files = [aFile("one.jpg"), aFile("two.png", { type: "image/png" })];
    const dataTransfer = {
      files,
      items: files.map((file) => ({ kind: "file", type: file.type, getAsFile: () => file })),
      types: ["Files"],
    };

    fireEvent.dragEnter(screen.getByRole("banner"), { dataTransfer });
    expect(await screen.findByText("Drop photos to add them")).toBeVisible();
    fireEvent.drop(screen.getByRole("main"), { dataTransfer });

    await waitFor(() => {
      expect(screen.getAllByText("Captioning…")).toHaveLength(2);
    });
    expect(screen.queryByText("Drop photos to add them")).not.toBeInTheDocument();
    expect(gallery.sent).toHaveLength(2);
  });

  test("shows what is on its way, three at a time, and how far it is", async () => {
    const gallery = new FakeGallery();
    gallery.isHolding = true;
    const user = openPage();
    const names = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"];

    await user.upload(
      picker(),
      names.map((name) => aFile(name)),
    );

    const list = within(await tray());
    expect(list.getByRole("heading", { name: "Adding 5 photos" })).toBeVisible();
    expect(await list.findAllByRole("progressbar", { name: /^Upload of/ })).toHaveLength(3);
    expect(list.getByText("2 more photos to come")).toBeVisible();
    await waitFor(() => {
      expect(gallery.sent).toHaveLength(3);
    });

    act(() => gallery.sent[1]?.progress(0.4));

    expect(list.getByRole("progressbar", { name: "Upload of b.jpg" })).toHaveValue(0.4);
    expect(list.getByRole("progressbar", { name: "All uploads" })).toHaveValue(0.08);

    act(() => gallery.sent[1]?.answer());

    expect(await list.findByRole("progressbar", { name: "Upload of d.jpg" })).toBeVisible();
    expect(list.queryByText("b.jpg")).not.toBeInTheDocument();
    await waitFor(() => {
      expect(gallery.sent).toHaveLength(4);
    });
  });

  test("asks before the page is left with photos on their way", async () => {
    const gallery = new FakeGallery();
    gallery.isHolding = true;
    const user = openPage();
    const leave = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    expect(leave()).toBe(false);

    await user.upload(picker(), aFile("dog.jpg"));
    await waitFor(() => {
      expect(gallery.sent).toHaveLength(1);
    });
    expect(leave()).toBe(true);

    act(() => gallery.sent[0]?.answer());
    await screen.findByText("Captioning…");
    expect(leave()).toBe(false);
  });

  test("says why a photo was refused, and sends it again on request", async () => {
    const gallery = new FakeGallery();
    gallery.refusal = { status: 503, detail: "The gallery can't answer right now." };
    const user = openPage();

    await user.upload(picker(), aFile("dog.jpg"));

    const list = within(await tray());
    expect(await list.findByText("The gallery can't answer right now.")).toBeVisible();
    expect(screen.getByText("1 file not added", { selector: "[role=status]" })).toBeInTheDocument();

    gallery.refusal = null;
    await user.click(list.getByRole("button", { name: "Try again: dog.jpg" }));

    expect(await screen.findByText("Captioning…")).toBeVisible();
    expect(list.getByRole("heading", { name: "1 photo added" })).toBeVisible();
  });

  test("says so when the connection breaks", async () => {
    const gallery = new FakeGallery();
    gallery.isHolding = true;
    const user = openPage();
    await user.upload(picker(), aFile("dog.jpg"));
    await waitFor(() => {
      expect(gallery.sent).toHaveLength(1);
    });
    gallery.isDown = true;
    gallery.isHolding = false;

    act(() => gallery.sent[0]?.answer());

    expect(await screen.findByText(/The connection broke/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Try again: dog.jpg" })).toBeVisible();
  });

  test("does not send what is no photo, and forgets it when dismissed", async () => {
    const gallery = new FakeGallery();
    const user = openPage();

    await user.upload(picker(), [aFile("notes.txt", { type: "text/plain" }), aFile("none.jpg", { size: 0 })]);

    const list = within(await tray());
    expect(list.getByText(/Not a photo that is read here/)).toBeVisible();
    expect(list.getByText("The file is empty.")).toBeVisible();
    expect(list.queryByRole("button", { name: /Try again/ })).not.toBeInTheDocument();
    expect(gallery.sent).toHaveLength(0);

    await user.click(list.getByRole("button", { name: "Dismiss uploads" }));

    expect(screen.queryByRole("region", { name: "Uploads" })).not.toBeInTheDocument();
  });
});
