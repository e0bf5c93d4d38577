import { expect, test } from "vitest";
import { sourcesOf } from "../../src/gallery/sources";
import { anImage } from "../anImage";

const urls = { thumb_url: "/t.jpg", preview_url: "/p.jpg" };

test.each([
  ["a wide photo", 4000, 3000, "/t.jpg 400w, /p.jpg 1280w"],
  ["a high photo", 3000, 4000, "/t.jpg 300w, /p.jpg 960w"],
  ["a photo smaller than its preview", 800, 600, "/t.jpg 400w, /p.jpg 800w"],
])("names the widths of the files of %s", (_, width, height, expected) => {
  expect(sourcesOf(anImage({ ...urls, width, height }))).toBe(expected);
});
