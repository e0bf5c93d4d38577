import { expect, test } from "vitest";
import { contentTypeOf, refusalOf } from "../../src/uploads/photoFile";

test.each([
  ["the browser's word", "a.jpg", "image/png", "image/png"],
  ["an ending, where there is none", "IMG_1.HEIC", "", "image/heic"],
  ["an ending, where it is a dialect", "scan.tif", "image/x-tiff", "image/tiff"],
  ["a camera's ending", "DSC1.HIF", "", "image/heic"],
  ["nothing of a drawing", "a.svg", "image/svg+xml", null],
  ["nothing of a file without an ending", "README", "", null],
])("contentTypeOf takes %s", (_, name, type, expected) => {
  expect(contentTypeOf(new File(["x"], name, { type }))).toBe(expected);
});

test("refusalOf takes photos of up to 50 MB", () => {
  const file = new File(["x"], "a.jpg", { type: "image/jpeg" });
  expect(refusalOf(file)).toBeNull();
  Object.defineProperty(file, "size", { value: 50_000_000, configurable: true });
  expect(refusalOf(file)).toBeNull();
  Object.defineProperty(file, "size", { value: 61_230_000 });
  expect(refusalOf(file)).toBe("The photo has 61.2 MB; up to 50 MB are taken.");
});
