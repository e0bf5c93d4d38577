import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";

function aFile(name: string, { type = "image/jpeg", size = 1000 } = {}): File {
  return new File([new Uint8Array(size)], name, { type });
}

function picker() {
  return screen.getByLabelText("Photos to add");
}

function tray() {
  return screen.findByRole("region", { name: "Uploads" });
}

describe("adding photos", () => {
  test("sends a small photo as it is, and shows it at once", async () => {
    const gallery = new FakeGallery();
    const user = openPage({ busyMs: 60_000, idleMs: 60_000 });
    await screen.findByText(/No photos yet/);

    await user.upload(picker(), aFile("Grüße & Küsse.jpg"));

    expect(await screen.findByText("Captioning…")).toBeVisible();
    expect(screen.getByText("Grüße & Küsse.jpg")).toBeVisible();
    expect(gallery.sent).toHaveLength(1);
    expect(gallery.sent[0]).toMatchObject({
      url: "/api/images",
      headers: { "Content-Type": "image/jpeg", "X-Filename": "Gr%C3%BC%C3%9Fe%20%26%20K%C3%BCsse.jpg" },
    });
    expect((gallery.sent[0]?.body as File).size).toBe(1000);
    expect(screen.getByText("1 photo added", { selector: "[role=status]" })).toBeInTheDocument();
  });

  test("posts a large photo straight to the bucket, the file last", async () => {
    const gallery = new FakeGallery();
    gallery.findsPosted = false;
    const user = openPage();
    await screen.findByText(/No photos yet/);

    await user.upload(picker(), aFile("large.jpg", { size: 4_500_001 }));

    expect(await screen.findByText("large.jpg")).toBeVisible();
    expect(gallery.signed).toEqual([{ filename: "large.jpg", content_type: "image/jpeg", size: 4_500_001 }]);
    const [sent] = gallery.sent;
    expect(sent?.url).toBe("http://bucket/");
    const form = [...(sent?.body as FormData).entries()];
    expect(form.map(([name]) => name)).toEqual(["key", "policy", "file"]);
    expect((form[2]?.[1] as File).size).toBe(4_500_001);

    // The gallery finds it in the bucket a moment later.
    expect(screen.getByText("Captioning…")).toBeVisible();
    gallery.findsPosted = true;
    act(() => sent?.answer());
    gallery.finish("large", "a large dog");

    expect(await screen.findByText("a large dog")).toBeVisible();
    expect(screen.getAllByRole("button", { name: /^Delete / })).toHaveLength(1);
  });

  test("tells the type of a photo by its name where the browser does not", async () => {
    const gallery = new FakeGallery();
    const user = openPage();

    await user.upload(picker(), aFile("IMG_1.HEIC", { type: "" }));

    await waitFor(() => {
      expect(gallery.sent[0]?.headers["Content-Type"]).toBe("image/heic");
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
    expect(list.getAllByRole("progressbar")).toHaveLength(3);
    expect(list.getByText("2 more photos to come")).toBeVisible();
    expect(gallery.sent).toHaveLength(3);

    act(() => gallery.sent[1]?.progress(0.4));

    expect(list.getByRole("progressbar", { name: "Upload of b.jpg" })).toHaveValue(0.4);

    act(() => gallery.sent[1]?.answer());

    expect(await list.findByRole("progressbar", { name: "Upload of d.jpg" })).toBeVisible();
    expect(list.queryByText("b.jpg")).not.toBeInTheDocument();
    expect(gallery.sent).toHaveLength(4);
  });

  test("asks before the page is left with photos on their way", async () => {
    const gallery = new FakeGallery();
    gallery.isHolding = true;
    const user = openPage();
    const leave = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
    expect(leave()).toBe(false);

    await user.upload(picker(), aFile("dog.jpg"));
    await tray();
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
    await tray();
    gallery.isDown = true;

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
