/** Where everything goes in the gallery. Free of React. */

import type { Image } from "../api";
import { blocksOf } from "./blocks";
import { byDay } from "./days";
import { type Measures, measuresFor, type PhotoRow, ratioOf, rowsOf } from "./rows";

/** A photo with its place, in CSS pixels. */
export interface Tile {
  image: Image;
  /** How many photos come before it. */
  index: number;
  /** From the left of the gallery. */
  left: number;
  /** From the top of the gallery. */
  top: number;
  /** Of the picture, which the caption follows. */
  width: number;
  height: number;
}

export interface Row {
  top: number;
  bottom: number;
  tiles: Tile[];
}

/** A day with its heading and rows. */
export interface Section {
  date: string;
  top: number;
  bottom: number;
  rows: Row[];
}

export interface Layout {
  width: number;
  height: number;
  sections: Section[];
  /** All rows, from top to bottom. */
  rows: Row[];
  /** By the photo's id. */
  tiles: ReadonlyMap<string, Tile>;
}

/** Pixels of a day's heading, of a caption of two lines, and between two days; see PhotoGrid.module.css. */
export const HEADING_HEIGHT = 44;
export const CAPTION_HEIGHT = 44;
const BETWEEN_ROWS = 14;
const BETWEEN_DAYS = 20;

/** Photos that were laid out together, and where. */
interface PlacedBlock {
  images: Image[];
  width: number;
  photoRows: PhotoRow[];
  /** How many photos come before. */
  index: number;
  top: number;
  bottom: number;
  rows: Row[];
}

/** Lays galleries out, and remembers the parts that stay as they were. */
export function createLayouter(
  localSize: (id: string) => { width: number; height: number } | undefined = () => undefined,
) {
  const blocks = new WeakMap<Image, PlacedBlock>();
  const ratios = new Map<string, number>();

  /** A photo keeps the shape that it first had on the page, so that nothing jumps once its size is known. */
  function ratioKept(image: Image): number {
    const kept = ratios.get(image.id);
    if (kept !== undefined) return kept;
    const isSizeKnown = Boolean(image.width && image.height);
    const ratio = ratioOf(isSizeKnown ? image : (localSize(image.id) ?? image));
    if (!isSizeKnown) ratios.set(image.id, ratio);
    return ratio;
  }

  function placeBlock(images: Image[], measures: Measures, index: number, top: number): PlacedBlock {
    const { width, gap } = measures;
    const [first] = images;
    const known = first && blocks.get(first);
    const isKnown = known?.width === width && isSame(known.images, images);
    if (isKnown && known.index === index && known.top === top) return known;
    const photoRows = isKnown ? known.photoRows : rowsOf(images, measures, ratioKept);
    const block: PlacedBlock = { images, width, photoRows, index, top, bottom: top, rows: [] };
    for (const row of photoRows) {
      block.rows.push(placeRow(row, index, block.bottom, gap));
      index += row.photos.length;
      block.bottom += row.height + CAPTION_HEIGHT + BETWEEN_ROWS;
    }
    if (first) blocks.set(first, block);
    return block;
  }

  return function layOut(images: Image[], width: number): Layout {
    const measures = measuresFor(width);
    const sections: Section[] = [];
    const tiles = new Map<string, Tile>();
    let top = 0;
    for (const day of byDay(images)) {
      const section: Section = { date: day.date, top, bottom: top, rows: [] };
      top += HEADING_HEIGHT;
      for (const block of blocksOf(day.images)) {
        const placed = placeBlock(block, measures, tiles.size, top);
        top = placed.bottom;
        for (const row of placed.rows) {
          section.rows.push(row);
          for (const tile of row.tiles) tiles.set(tile.image.id, tile);
        }
      }
      section.bottom = top;
      top += BETWEEN_DAYS;
      sections.push(section);
    }
    return { width, height: top, sections, rows: sections.flatMap((section) => section.rows), tiles };
  };
}

/** The rows that lie between two heights, those that do in part included. */
export function rowsBetween(rows: Row[], top: number, bottom: number): Row[] {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.bottom ?? 0) <= top) low = middle + 1;
    else high = middle;
  }
  const found: Row[] = [];
  for (let i = low; i < rows.length; i += 1) {
    const row = rows[i];
    if (!row || row.top >= bottom) break;
    found.push(row);
  }
  return found;
}

/** Whether a photo is one of that day. */
export function isOf(section: Section, tile: Tile): boolean {
  return tile.top >= section.top && tile.top < section.bottom;
}

function placeRow({ height, photos }: PhotoRow, index: number, top: number, gap: number): Row {
  let left = 0;
  const tiles = photos.map(({ image, width }, place): Tile => {
    const tile = { image, index: index + place, left, top, width, height };
    left += width + gap;
    return tile;
  });
  return { top, bottom: top + height + CAPTION_HEIGHT, tiles };
}

function isSame(some: Image[], others: Image[]): boolean {
  return some.length === others.length && some.every((image, index) => image === others[index]);
}
