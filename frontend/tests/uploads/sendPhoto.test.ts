import { expect, test } from "vitest";
import { sendPhoto } from "../../src/uploads/sendPhoto";
import { FakeGallery } from "../FakeGallery";

test.each([
  ["the most that the gallery takes itself", 4_500_000, "/api/images"],
  ["more than that", 4_500_001, "http://bucket/"],
])("a photo of %s goes the right way", async (_, size, url) => {
  const gallery = new FakeGallery();
  const file = new File([new Uint8Array(size)], "a.jpg", { type: "image/jpeg" });

  const image = await sendPhoto(file, () => undefined);

  expect(gallery.sent.map((sent) => sent.url)).toEqual([url]);
  expect(image).toMatchObject({ filename: "a.jpg", status: "pending", bytes: size });
});
