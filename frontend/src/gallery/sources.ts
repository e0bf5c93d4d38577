import type { Image } from "../api";

/** Pixels of the longer side, at most. */
export const THUMBNAIL_PIXELS = 400;
export const PREVIEW_PIXELS = 1280;

/** A ready photo's files as a `srcset`, so that sharp screens get the larger one. */
export function sourcesOf(image: Image): string {
  const source = (url: string | null, pixels: number) => `${url ?? ""} ${scaledTo(image, pixels).width}w`;
  return `${source(image.thumb_url, THUMBNAIL_PIXELS)}, ${source(image.preview_url, PREVIEW_PIXELS)}`;
}

/** A photo's size once its longer side has so many pixels at most. */
export function scaledTo({ width, height }: Image, pixels: number): { width: number; height: number } {
  const scale = Math.min(1, pixels / Math.max(width ?? 1, height ?? 1));
  return {
    width: Math.max(1, Math.round((width ?? 1) * scale)),
    height: Math.max(1, Math.round((height ?? 1) * scale)),
  };
}
