/** Where someone is in the gallery, as the photo at the top of the window. Free of React. */

import type { Place } from "../address/navigation";
import { type Layout, rowsBetween } from "./layout";

/** The place at a height of the layout; undefined at the very top, which stays the top. */
export function placeAt(layout: Layout, top: number): Place | undefined {
  if (top <= 0) return undefined;
  const tile = rowsBetween(layout.rows, top, Infinity)[0]?.tiles[0];
  return tile && { photo: tile.image.id, index: tile.index, offset: tile.top - top };
}

/** The height of the layout that shows the place, or about that if its photo is gone; null if all is. */
export function heightOf(layout: Layout, place: Place): number | null {
  const tile =
    layout.tiles.get(place.photo) ??
    layout.rows.flatMap((row) => row.tiles).find(({ index }) => index === place.index);
  return tile ? tile.top - place.offset : null;
}

/** How far to scroll, in pixels, so that a changed layout shows at `top` what it showed before. */
export function shiftOf(before: Layout, after: Layout, top: number): number {
  if (top <= 0) return 0;
  for (const row of rowsBetween(before.rows, top, Infinity)) {
    for (const tile of row.tiles) {
      const now = after.tiles.get(tile.image.id);
      if (now) return now.top - tile.top;
    }
  }
  return 0;
}
