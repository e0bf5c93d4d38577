import { thumbHashToDataURL } from "thumbhash";

/** A photo's ThumbHash as the address of a small blurred picture; null if it can't be read. */
export function placeholderUrl(thumbHash: string | null): string | null {
  if (!thumbHash) return null;
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(thumbHash), (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}
