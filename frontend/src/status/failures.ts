/** Photos that failed: why, and how they are tried again. Free of React. */

import { type Image, listImages, type Page, retryImage } from "../api";
import { EVERYTHING } from "../address/address";

const AT_ONCE = 4;
const PER_PAGE = 100;

const REASONS: Record<string, string> = {
  empty: "The file is empty",
  too_large: "The file is too large",
  unsupported_format: "Not a picture that can be read",
  too_many_pixels: "Too many pixels",
  damaged: "Damaged or incomplete",
  crashed: "Ended the program that reads photos",
  internal: "Something failed here, each time",
};

/** Why photos failed, with how many did for each reason; the most frequent first. */
export function reasonsOf(images: Image[]): [reason: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { error } of images) {
    const reason = REASONS[error?.code ?? ""] ?? error?.code ?? "Unknown";
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** Photos that failed, the newest first. */
export function listFailed(cursor: string | null = null, signal?: AbortSignal): Promise<Page> {
  return listImages({ ...EVERYTHING, status: "failed" }, PER_PAGE, cursor, signal);
}

/** Have all photos that failed tried again; how many those were. */
export async function retryFailed(): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const page: Page = await listFailed(cursor);
    for (let start = 0; start < page.items.length; start += AT_ONCE) {
      const some = page.items.slice(start, start + AT_ONCE);
      await Promise.all(some.map(({ id }) => retryImage(id)));
      count += some.length;
    }
    cursor = page.next;
  } while (cursor !== null);
  return count;
}
