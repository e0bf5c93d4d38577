import { rgbaToThumbHash } from "thumbhash";
import { expect, test } from "vitest";
import { placeholderUrl } from "../../src/gallery/placeholder";

test("shows a hash as a small picture of the same shape and colour", () => {
  const red = Array.from({ length: 24 * 12 }, () => [200, 30, 30, 255]).flat();
  const hash = btoa(String.fromCharCode(...rgbaToThumbHash(24, 12, red)));

  const url = placeholderUrl(hash);

  const png = Uint8Array.from(atob(url?.split(",")[1] ?? ""), (character) => character.charCodeAt(0));
  const header = new DataView(png.buffer);
  expect(header.getUint32(16) / header.getUint32(20)).toBeCloseTo(2, 0);
  // The pixels follow uncompressed: a filter byte, then red, green, blue, alpha.
  const [r, g, b] = png.slice(49, 52);
  expect(r).toBeGreaterThan(150);
  expect(g).toBeLessThan(80);
  expect(b).toBeLessThan(80);
});

test.each([
  ["is none", null],
  ["is not base64", "%%%"],
])("gives nothing when there %s", (_, hash) => {
  expect(placeholderUrl(hash)).toBeNull();
});
