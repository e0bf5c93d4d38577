import { computeRowsLayout } from "react-photo-album";
import type { Image } from "../api";

/** Photos side by side, with the size of their pictures in CSS pixels. */
export interface PhotoRow {
  height: number;
  photos: { image: Image; width: number }[];
}

/** How photos are laid out in a container, in CSS pixels. */
export interface Measures {
  width: number;
  /** Between two photos. */
  gap: number;
  rowHeight: number;
  /** One row alone grows no higher than this. */
  singleRowHeight: number;
  /** A caption needs some width, so rows hold no more photos than fit at this one. */
  leastWidth: number;
}

/** Panoramas and screenshots of phones are shown cut, so that they do not squeeze their neighbours. */
const NARROWEST = 3 / 4;
const WIDEST = 5 / 2;

/** Of photos whose size is not known yet. */
const DEFAULT_RATIO = 4 / 3;

const PHONE: Omit<Measures, "width"> = { gap: 10, rowHeight: 150, singleRowHeight: 240, leastWidth: 130 };
const DESK: Omit<Measures, "width"> = { gap: 16, rowHeight: 220, singleRowHeight: 280, leastWidth: 150 };
const PHONE_WIDTH = 600;

export function measuresFor(width: number): Measures {
  return { ...(width < PHONE_WIDTH ? PHONE : DESK), width };
}

/** Width by height of a photo on the page. */
export function ratioOf({ width, height }: { width: number | null; height: number | null }): number {
  if (!width || !height) return DEFAULT_RATIO;
  return Math.min(Math.max(width / height, NARROWEST), WIDEST);
}

/** Lay photos out in rows that fill the width, all photos of a row equally high. */
export function rowsOf(images: Image[], measures: Measures, ratio: (image: Image) => number): PhotoRow[] {
  const { gap, rowHeight, singleRowHeight, leastWidth } = measures;
  const photos = images.map((image) => ({ image, src: "", width: ratio(image), height: 1 }));
  const naturalWidth = photos.reduce(
    (sum, photo) => sum + photo.width * singleRowHeight,
    gap * (photos.length - 1),
  );
  const width = Math.min(measures.width, naturalWidth);
  const mostPerRow = Math.max(1, Math.floor((width + gap) / (leastWidth + gap)));
  const layout = computeRowsLayout(photos, gap, 0, width, rowHeight, 1, mostPerRow);
  return (layout?.tracks ?? []).map((track) => ({
    height: Math.round(track.photos[0]?.height ?? 0),
    photos: track.photos.map((place) => ({ image: place.photo.image, width: place.width })),
  }));
}
