import { computeRowsLayout } from "react-photo-album";
import type { Image } from "../api";

/** Where a photo goes: its size on the page, in CSS pixels. */
export interface Tile {
  image: Image;
  width: number;
  height: number;
}

/** Pixels between two photos; `gap` in PhotoGrid.module.css. */
const GAP = 16;

const ROW_HEIGHT = 260;

/** On phones rows are higher, so that a wide photo has one for itself. */
const PHONE_ROW_HEIGHT = 300;
const PHONE_WIDTH = 600;

/** One row alone grows no higher than this. */
const SINGLE_ROW_HEIGHT = 320;

/** A caption needs some width, so rows hold no more photos than fit at this one. */
const LEAST_WIDTH = 150;

/** Panoramas and screenshots of phones are shown cut, so that they do not squeeze their neighbours. */
const NARROWEST = 3 / 4;
const WIDEST = 5 / 2;

/** Of photos whose size is not known yet. */
const DEFAULT_RATIO = 4 / 3;

/** Width by height of a photo on the page. */
export function ratioOf({ width, height }: Image): number {
  if (!width || !height) return DEFAULT_RATIO;
  return Math.min(Math.max(width / height, NARROWEST), WIDEST);
}

/** Lay photos out in rows that fill `containerWidth`, all photos of a row equally high. */
export function layOut(images: Image[], containerWidth: number): Tile[] {
  const photos = images.map((image) => ({ image, src: "", width: ratioOf(image), height: 1 }));
  const naturalWidth = photos.reduce(
    (sum, photo) => sum + photo.width * SINGLE_ROW_HEIGHT,
    GAP * (photos.length - 1),
  );
  const width = Math.min(containerWidth, naturalWidth);
  const mostPerRow = Math.max(1, Math.floor((width + GAP) / (LEAST_WIDTH + GAP)));
  const rowHeight = containerWidth < PHONE_WIDTH ? PHONE_ROW_HEIGHT : ROW_HEIGHT;
  const layout = computeRowsLayout(photos, GAP, 0, width, rowHeight, 1, mostPerRow);
  return (layout?.tracks ?? []).flatMap((track) =>
    track.photos.map((place) => ({
      image: place.photo.image,
      // Rounded down, lest the last photo of a row be pushed to the next one.
      width: roundDown(place.width),
      height: roundDown(place.height),
    })),
  );
}

function roundDown(pixels: number): number {
  return Math.floor(pixels * 10) / 10;
}
