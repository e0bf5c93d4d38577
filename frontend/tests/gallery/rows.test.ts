import { describe, expect, test } from "vitest";
import { layOut, ratioOf, type Tile } from "../../src/gallery/rows";
import { anImage, aPendingImage } from "../anImage";

const GAP = 16;

function widthOf(row: Tile[]) {
  return row.reduce((sum, tile) => sum + tile.width, GAP * (row.length - 1));
}

/** The rows that a browser makes of tiles. */
function wrapped(tiles: Tile[], containerWidth: number): Tile[][] {
  const rows: Tile[][] = [];
  for (const tile of tiles) {
    const row = rows.at(-1);
    if (row && widthOf([...row, tile]) <= containerWidth) row.push(tile);
    else rows.push([tile]);
  }
  return rows;
}

describe("layOut", () => {
  test.each([360, 976, 1840])("fills rows of %i pixels with photos of one height", (containerWidth) => {
    const shapes: [number, number][] = [
      [4000, 3000],
      [3000, 4000],
      [6000, 1000],
      [1000, 3000],
      [2000, 2000],
    ];
    const images = Array.from({ length: 40 }, (_, i) => {
      const [width, height] = shapes[i % shapes.length] ?? [1, 1];
      return anImage({ width, height });
    });

    const tiles = layOut(images, containerWidth);

    expect(tiles.map((tile) => tile.image)).toEqual(images);
    for (const row of wrapped(tiles, containerWidth)) {
      expect(new Set(row.map((tile) => tile.height)).size).toBe(1);
      expect(widthOf(row)).toBeGreaterThan(containerWidth - 2);
    }
  });

  test("does not blow up a single photo", () => {
    const [tile] = layOut([anImage({ width: 3000, height: 3000 })], 1840);
    expect(tile?.height).toBe(320);
  });

  test("gives nothing for nothing", () => {
    expect(layOut([], 1000)).toEqual([]);
  });
});

describe("ratioOf", () => {
  test.each([
    ["a photo", anImage({ width: 3000, height: 2000 }), 1.5],
    ["a panorama", anImage({ width: 9000, height: 1000 }), 2.5],
    ["a long screenshot", anImage({ width: 1000, height: 9000 }), 0.75],
    ["a photo that was not read yet", aPendingImage(), 4 / 3],
  ])("of %s", (_, image, ratio) => {
    expect(ratioOf(image)).toBe(ratio);
  });
});
