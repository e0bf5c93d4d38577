import { describe, expect, test } from "vitest";
import type { Image } from "../../src/api";
import { blocksOf } from "../../src/gallery/blocks";
import { createLayouter, rowsBetween } from "../../src/gallery/layout";
import { moveFrom } from "../../src/gallery/moves";
import { heightOf, placeAt, shiftOf } from "../../src/gallery/places";
import { anImage, aPendingImage } from "../anImage";

const WIDTH = 1000;

/** Photos of the same day, newest first, with ids like those of the gallery. */
function someImages(count: number): Image[] {
  return Array.from({ length: count }, (_, i) =>
    anImage({ id: ((i + 7) * 2_654_435_761).toString(36), created_at: "2025-06-01T12:00:00Z" }),
  );
}

describe("layOut", () => {
  const images = someImages(300);
  const layout = createLayouter()(images, WIDTH);

  test("places every photo once, from top to bottom", () => {
    const tiles = layout.rows.flatMap((row) => row.tiles);
    expect(tiles.map(({ image }) => image)).toEqual(images);
    expect(tiles.map(({ index }) => index)).toEqual(images.map((_, i) => i));
    layout.rows.forEach((row, i) => {
      expect(row.top).toBeGreaterThanOrEqual(layout.rows[i - 1]?.bottom ?? 0);
      const last = row.tiles.at(-1);
      expect((last?.left ?? 0) + (last?.width ?? 0)).toBeCloseTo(WIDTH, 0);
    });
  });

  test("finds the rows between two heights", () => {
    const found = rowsBetween(layout.rows, 1000, 2000);
    expect(found).toEqual(layout.rows.filter((row) => row.bottom > 1000 && row.top < 2000));
    expect(rowsBetween(layout.rows, layout.height + 1, Infinity)).toEqual([]);
  });

  test("leaves the rows further down as they are when a photo comes", () => {
    const layOut = createLayouter();
    const before = layOut(images, WIDTH);
    const after = layOut([anImage({ created_at: "2025-06-01T12:00:01Z" }), ...images], WIDTH);

    const rows = ({ tiles }: { tiles: { image: Image }[] }) => tiles.map(({ image }) => image.id).join();
    const known = new Set(before.rows.map(rows));
    expect(after.rows.filter((row) => known.has(rows(row))).length).toBeGreaterThan(before.rows.length - 25);
  });

  test("keeps the shape of a photo whose size comes later", () => {
    const layOut = createLayouter();
    const pending = aPendingImage();
    const before = layOut([pending, ...images], WIDTH).tiles.get(pending.id);
    const after = layOut([anImage({ ...pending, width: 1000, height: 3000 }), ...images], WIDTH);
    expect(after.tiles.get(pending.id)?.width).toBe(before?.width);
  });

  test("gives a photo that was sent from here the shape that is known here", () => {
    const layOut = createLayouter(() => ({ width: 1000, height: 1000 }));
    const pending = aPendingImage();
    const tile = layOut([pending], WIDTH).tiles.get(pending.id);
    expect(tile?.width).toBeCloseTo(tile?.height ?? 0, 0);
  });
});

test("blocksOf cuts in the same places whatever comes above", () => {
  const images = someImages(500);
  const blocks = blocksOf(images);
  const more = blocksOf([anImage(), anImage(), ...images]);
  expect(blocks.flat()).toEqual(images);
  expect(Math.max(...blocks.map((block) => block.length))).toBeLessThan(104);
  expect(more.at(-1)).toEqual(blocks.at(-1));
});

describe("places", () => {
  const images = someImages(200);
  const layOut = createLayouter();
  const layout = layOut(images, WIDTH);

  test("are found again, also where photos came above", () => {
    const place = placeAt(layout, 3000);
    if (!place) throw new Error("There are photos at that height.");
    expect(heightOf(layout, place)).toBe(3000);
    const newer = Array.from({ length: 10 }, () => anImage({ created_at: "2025-06-02T12:00:00Z" }));
    const after = layOut([...newer, ...images], WIDTH);
    expect(heightOf(after, place)).toBe(3000 + shiftOf(layout, after, 3000));
    expect(shiftOf(layout, after, 3000)).toBeGreaterThan(500);
  });

  test("are about the same where the photo is gone", () => {
    const place = placeAt(layout, 3000);
    if (!place) throw new Error("There are photos at that height.");
    const after = createLayouter()(
      images.filter(({ id }) => id !== place.photo),
      WIDTH,
    );
    expect(Math.abs((heightOf(after, place) ?? 0) - 3000)).toBeLessThan(600);
  });

  test("stay at the top when one is there", () => {
    expect(placeAt(layout, 0)).toBeUndefined();
    expect(shiftOf(layout, layOut([anImage(), ...images], WIDTH), -20)).toBe(0);
  });
});

test("moveFrom leads up and down to the photo that is closest", () => {
  const layout = createLayouter()(someImages(30), WIDTH);
  const [first, second] = layout.rows;
  const from = first?.tiles.at(-1);
  const below = second?.tiles.at(-1);
  expect(moveFrom(layout, from?.image.id ?? "", "ArrowDown")).toBe(below?.image.id);
  expect(moveFrom(layout, from?.image.id ?? "", "ArrowRight")).toBe(second?.tiles[0]?.image.id);
  expect(moveFrom(layout, from?.image.id ?? "", "ArrowUp")).toBeUndefined();
  expect(moveFrom(layout, "nobody", "ArrowUp")).toBeUndefined();
});
