import { expect, test, vi } from "vitest";
import { EVERYTHING } from "../../src/address/address";
import { fetchDownTo, fetchRefresh } from "../../src/gallery/refresh";
import { refreshed } from "../../src/gallery/timeline";
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

  const { head } = await fetchRefresh({ listed: [known], next: "x", arrivals: [] }, EVERYTHING, signal);

  expect(head.items.slice(0, 121)).toEqual([...news, known]);
  expect(head.next).toBe("150");
  expect(gallery.requests).toEqual(["GET /api/images?limit=50", "GET /api/images?limit=100&cursor=50"]);
});

test("gives up on that after a few pages", async () => {
  const known = anImage();
  const gallery = new FakeGallery(manyImages(2000));

  await fetchRefresh({ listed: [known], next: null, arrivals: [] }, EVERYTHING, signal);

  expect(gallery.requests).toHaveLength(6);
});

test("asks for at most 100 ids at once", async () => {
  const pending = Array.from({ length: 230 }, () => aPendingImage()).reverse();
  const gallery = new FakeGallery([anImage()]);
  gallery.images.push(...pending);
  const listed = pending;

  const { asked, answered } = await fetchRefresh({ listed, next: null, arrivals: [] }, EVERYTHING, signal);

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

  expect((await fetchRefresh(timeline, EVERYTHING, signal)).asked).toEqual([]);
  const { asked, answered } = await fetchRefresh(timeline, EVERYTHING, signal, "starter");

  expect(asked).toEqual([below[2]?.id]);
  expect(answered).toEqual([below[2]]);
  expect(gallery.requests.filter((request) => request.includes("ids="))).toHaveLength(1);
});

test("asks for no more than 500 of them, since there may be very many", async () => {
  const listed = Array.from({ length: 700 }, () => aPendingImage()).reverse();
  new FakeGallery([...manyImages(50), ...listed]);
  const { asked } = await fetchRefresh({ listed, next: null, arrivals: [] }, EVERYTHING, signal);
  expect(asked).toHaveLength(500);
});

test("goes on where pages of a search are empty, and keeps what it knows", async () => {
  const known = anImage();
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ items: [], next: "1" })));
  const before = { listed: [known], next: "x", arrivals: [] };
  const refresh = await fetchRefresh(before, { ...EVERYTHING, q: "rare" }, signal);
  expect(refreshed(before, before, refresh)).toEqual(before);
});

test("fetchDownTo fetches pages until a photo is among them", async () => {
  const gallery = new FakeGallery(manyImages(500));
  const page = await fetchDownTo(EVERYTHING, 230, signal);
  expect(page.items).toHaveLength(300);
  expect(page.next).toBe("300");
  expect(gallery.requests).toHaveLength(3);
});
