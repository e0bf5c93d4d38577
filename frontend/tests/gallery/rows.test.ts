import { describe, expect, test } from "vitest";
import { measuresFor, type PhotoRow, ratioOf, rowsOf } from "../../src/gallery/rows";
import { anImage, aPendingImage } from "../anImage";

function widthOf({ photos }: PhotoRow, gap: number) {
  return photos.reduce((sum, photo) => sum + photo.width, gap * (photos.length - 1));
}

describe("rowsOf", () => {
  test.each([358, 976, 1840])("fills rows of %i pixels with photos of one height", (width) => {
    const shapes: [number, number][] = [
      [4000, 3000],
      [3000, 4000],
      [6000, 1000],
      [1000, 3000],
      [2000, 2000],
    ];
    const images = Array.from({ length: 40 }, (_, i) => {
      const [w, h] = shapes[i % shapes.length] ?? [1, 1];
      return anImage({ width: w, height: h });
    });
    const measures = measuresFor(width);

    const rows = rowsOf(images, measures, ratioOf);

    expect(rows.flatMap(({ photos }) => photos.map(({ image }) => image))).toEqual(images);
    for (const row of rows) {
      expect(widthOf(row, measures.gap)).toBeCloseTo(width, 0);
      for (const photo of row.photos) {
        expect(photo.width / row.height).toBeCloseTo(ratioOf(photo.image), 1);
      }
    }
  });

  test("does not blow up a single photo", () => {
    const [row] = rowsOf([anImage({ width: 3000, height: 3000 })], measuresFor(1840), ratioOf);
    expect(row?.height).toBe(280);
  });

  test("gives nothing for nothing", () => {
    expect(rowsOf([], measuresFor(1000), ratioOf)).toEqual([]);
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
