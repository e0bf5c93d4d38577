import { expect, test } from "vitest";
import { fetchRefresh } from "../../src/gallery/refresh";
import { anImage, aPendingImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";

function manyImages(count: number) {
  return Array.from({ length: count }, () => anImage()).reverse();
}

const { signal } = new AbortController();

test("fetches further pages until it meets what is known", async () => {
  const old = manyImages(100);
  const known = anImage();
  const news = manyImages(120);
  const gallery = new FakeGallery([...news, known, ...old]);

  const { head } = await fetchRefresh({ listed: [known], next: "x", arrivals: [] }, signal);

  expect(head.items.slice(0, 121)).toEqual([...news, known]);
  expect(head.next).toBe("150");
  expect(gallery.requests).toEqual(["GET /api/images?limit=50", "GET /api/images?limit=100&cursor=50"]);
});

test("gives up on that after a few pages", async () => {
  const known = anImage();
  const gallery = new FakeGallery(manyImages(2000));

  await fetchRefresh({ listed: [known], next: null, arrivals: [] }, signal);

  expect(gallery.requests).toHaveLength(6);
});

test("asks for at most 100 ids at once", async () => {
  const pending = Array.from({ length: 230 }, () => aPendingImage()).reverse();
  const gallery = new FakeGallery([anImage()]);
  gallery.images.push(...pending);
  const listed = pending;

  const { asked, answered } = await fetchRefresh({ listed, next: null, arrivals: [] }, signal);

  const counts = gallery.requests
    .filter((request) => request.includes("ids="))
    .map((request) => request.split(",").length);
  expect(counts).toEqual([100, 81]);
  expect(asked).toHaveLength(181);
  expect(answered).toHaveLength(181);
});

test("asks for photos further down whose words are made anew", async () => {
  const starter = { name: "starter", version: "1" };
  const below = [
    anImage({ model: starter }),
    anImage(),
    anImage({ model: starter, status: "failed" }),
  ].reverse();
  const listed = [...manyImages(50), ...below];
  const gallery = new FakeGallery(listed);
  const timeline = { listed, next: null, arrivals: [] };

  expect((await fetchRefresh(timeline, signal)).asked).toEqual([]);
  const { asked, answered } = await fetchRefresh(timeline, signal, "starter");

  expect(asked).toEqual([below[2]?.id]);
  expect(answered).toEqual([below[2]]);
  expect(gallery.requests.filter((request) => request.includes("ids="))).toHaveLength(1);
});
