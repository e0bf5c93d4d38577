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

interface KnownBlock {
  images: Image[];
  width: number;
  rows: PhotoRow[];
}

/** Lays galleries out, and remembers the parts that stay as they were. */
export function createLayouter(
  localSize: (id: string) => { width: number; height: number } | undefined = () => undefined,
) {
  const blocks = new WeakMap<Image, KnownBlock>();
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

  function rowsOfBlock(images: Image[], measures: Measures): PhotoRow[] {
    const [first] = images;
    if (!first) return [];
    const known = blocks.get(first);
    if (known?.width === measures.width && isSame(known.images, images)) return known.rows;
    const rows = rowsOf(images, measures, ratioKept);
    blocks.set(first, { images, width: measures.width, rows });
    return rows;
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
        for (const row of rowsOfBlock(block, measures)) {
          section.rows.push(placed(row, top, measures.gap, tiles));
          top += row.height + CAPTION_HEIGHT + BETWEEN_ROWS;
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

function placed(row: PhotoRow, top: number, gap: number, tiles: Map<string, Tile>): Row {
  let left = 0;
  const placedTiles = row.photos.map(({ image, width }) => {
    const tile: Tile = { image, index: tiles.size, left, top, width, height: row.height };
    tiles.set(image.id, tile);
    left += width + gap;
    return tile;
  });
  return { top, bottom: top + row.height + CAPTION_HEIGHT, tiles: placedTiles };
}

function isSame(some: Image[], others: Image[]): boolean {
  return some.length === others.length && some.every((image, index) => image === others[index]);
}
