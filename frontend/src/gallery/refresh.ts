import { getImages, listImages, type Page } from "../api";
import { type Refresh, type Timeline, awaitedBeyond, joined, reaches } from "./timeline";

/** Photos on the newest page. It is fetched every few seconds, so it is not large. */
export const HEAD_PHOTOS = 50;

/** Photos that are fetched at once further down; the API's limit. */
export const PAGE_PHOTOS = 100;

const CATCH_UP_PAGES = 5;

/**
 * Fetch what may have changed since the timeline was loaded: the newest photos, down to those that
 * are known, and those below whose words are still to come, or to be made anew because they are those of
 * the `replaced` model. Where very many are new, it gives up on meeting the known ones.
 */
export async function fetchRefresh(
  known: Timeline,
  signal: AbortSignal,
  replaced: string | null = null,
): Promise<Refresh> {
  let head = await listImages(HEAD_PHOTOS, null, signal);
  for (let page = 0; page < CATCH_UP_PAGES && head.next !== null && !reaches(head, known); page += 1) {
    head = joined(head, await listImages(PAGE_PHOTOS, head.next, signal));
  }
  const asked = awaitedBeyond(known, head, replaced);
  return { head, asked, answered: asked.length > 0 ? await getImages(asked, signal) : [] };
}

/** The part of the gallery that follows `cursor`. */
export function fetchOlder(cursor: string): Promise<Page> {
  return listImages(PAGE_PHOTOS, cursor);
}
