import { getImages, listImages, type Page, type Search } from "../api";
import { type Refresh, type Timeline, awaitedBeyond, joined, reaches } from "./timeline";

/** Photos on the newest page. It is fetched every few seconds, so it is not large. */
export const HEAD_PHOTOS = 50;

/** Photos that are fetched at once further down; the API's limit. */
export const PAGE_PHOTOS = 100;

const CATCH_UP_PAGES = 5;

/** Photos further down that are asked for at once, so that a gallery of many is not asked for all of it. */
const MOST_ASKED = 500;

/** Pages that are fetched to get back to where someone was. */
const RESTORED_PAGES = 100;

/**
 * Fetch what may have changed since the timeline was loaded: the newest photos, down to those that
 * are known, and those below whose words are still to come, or to be made anew because they are those of
 * the `replaced` model. Where very many are new, it gives up on meeting the known ones.
 */
export async function fetchRefresh(
  known: Timeline,
  search: Search,
  signal: AbortSignal,
  replaced: string | null = null,
): Promise<Refresh> {
  let head = await listImages(search, HEAD_PHOTOS, null, signal);
  for (let page = 0; page < CATCH_UP_PAGES && head.next !== null && !reaches(head, known); page += 1) {
    head = joined(head, await listImages(search, PAGE_PHOTOS, head.next, signal));
  }
  const asked = awaitedBeyond(known, head, replaced).slice(0, MOST_ASKED);
  return { head, asked, answered: asked.length > 0 ? await getImages(asked, signal) : [] };
}

/** The part of what a search finds that follows `cursor`. */
export function fetchOlder(search: Search, cursor: string): Promise<Page> {
  return listImages(search, PAGE_PHOTOS, cursor);
}

/** The newest photos, and so many of those that follow that there are more than `index`, if there are. */
export async function fetchDownTo(search: Search, index: number, signal: AbortSignal): Promise<Page> {
  let page = await listImages(search, PAGE_PHOTOS, null, signal);
  for (
    let pages = 1;
    pages < RESTORED_PAGES && page.next !== null && page.items.length <= index;
    pages += 1
  ) {
    page = joined(page, await listImages(search, PAGE_PHOTOS, page.next, signal));
  }
  return page;
}
