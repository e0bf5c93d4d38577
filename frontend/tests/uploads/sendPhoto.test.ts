import { expect, test } from "vitest";
import { sendPhoto } from "../../src/uploads/sendPhoto";
import { FakeGallery } from "../FakeGallery";

const sending = () => ({ onProgress: () => undefined, signal: new AbortController().signal });

function aFile(size: number) {
  return new File([new Uint8Array(size)], "a.jpg", { type: "image/jpeg" });
}

test.each([1000, 4_500_001])("a photo of %i bytes goes straight to the bucket", async (size) => {
  const gallery = new FakeGallery();
  const image = await sendPhoto(aFile(size), sending());
  expect(gallery.sent.map(({ url }) => url)).toEqual(["http://bucket/"]);
  expect(image).toMatchObject({ id: "posted0", filename: "a.jpg", status: "pending", bytes: size });
});

test("a photo that the API takes goes through it where the bucket can't be reached", async () => {
  const gallery = new FakeGallery();
  gallery.isBucketDown = true;
  const image = await sendPhoto(aFile(4_500_000), sending());
  expect(gallery.sent.map(({ url }) => url)).toEqual(["http://bucket/", "/api/images"]);
  expect(image).toMatchObject({ filename: "a.jpg", status: "pending" });
});

test("a larger one does not, and says why", async () => {
  const gallery = new FakeGallery();
  gallery.isBucketDown = true;
  await expect(sendPhoto(aFile(4_500_001), sending())).rejects.toThrow(/connection broke/);
  expect(gallery.sent).toHaveLength(1);
});

test("a photo that is cancelled goes nowhere else", async () => {
  const gallery = new FakeGallery();
  gallery.isHolding = true;
  const stop = new AbortController();
  const sent = sendPhoto(aFile(1000), { onProgress: () => undefined, signal: stop.signal });
  await expect.poll(() => gallery.sent.length).toBe(1);

  stop.abort();

  await expect(sent).rejects.toThrow(/cancelled/);
  expect(gallery.sent).toMatchObject([{ isAborted: true }]);
});
