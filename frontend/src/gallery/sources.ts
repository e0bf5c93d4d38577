import type { Image } from "../api";

/** Pixels of the longer side, at most. */
const THUMBNAIL_PIXELS = 400;
const PREVIEW_PIXELS = 1280;

/** A ready photo's files as a `srcset`, so that sharp screens get the larger one. */
export function sourcesOf({ width, height, thumb_url, preview_url }: Image): string {
  const longer = Math.max(width ?? 1, height ?? 1);
  const source = (url: string | null, pixels: number) =>
    `${url ?? ""} ${Math.max(1, Math.round((width ?? 1) * Math.min(1, pixels / longer)))}w`;
  return `${source(thumb_url, THUMBNAIL_PIXELS)}, ${source(preview_url, PREVIEW_PIXELS)}`;
}
