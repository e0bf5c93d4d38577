/** Ways of the keyboard through the gallery. Free of React. */

import type { Layout, Tile } from "./layout";

/** The photo that a key leads to from another one; undefined where it leads nowhere. */
export function moveFrom(layout: Layout, id: string, key: string): string | undefined {
  const from = layout.tiles.get(id);
  if (!from) return undefined;
  const row = layout.rows.findIndex(({ top }) => top === from.top);
  switch (key) {
    case "ArrowLeft":
      return tileBeside(layout, from, row, -1)?.image.id;
    case "ArrowRight":
      return tileBeside(layout, from, row, 1)?.image.id;
    case "ArrowUp":
      return closest(layout.rows[row - 1]?.tiles, from);
    case "ArrowDown":
      return closest(layout.rows[row + 1]?.tiles, from);
    case "Home":
      return layout.rows[0]?.tiles[0]?.image.id;
    case "End":
      return layout.rows.at(-1)?.tiles.at(-1)?.image.id;
    default:
      return undefined;
  }
}

function tileBeside(layout: Layout, from: Tile, row: number, step: 1 | -1): Tile | undefined {
  const tiles = layout.rows[row]?.tiles ?? [];
  const beside = tiles[tiles.indexOf(from) + step];
  if (beside) return beside;
  return step === 1 ? layout.rows[row + 1]?.tiles[0] : layout.rows[row - 1]?.tiles.at(-1);
}

function closest(tiles: Tile[] | undefined, from: Tile): string | undefined {
  const distance = (tile: Tile) => Math.abs(tile.left + tile.width / 2 - (from.left + from.width / 2));
  return tiles?.reduce((best, tile) => (distance(tile) < distance(best) ? tile : best)).image.id;
}
