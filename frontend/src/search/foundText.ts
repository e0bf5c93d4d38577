import { isEverything } from "../address/address";
import type { Search } from "../api";
import type { TimelineResult } from "../gallery/useTimeline";
import { counted } from "../shared/counted";

/** How many photos a search found: "3 photos found", "More than 50 photos found"; empty where none is on. */
export function foundText(
  search: Search,
  { data, isPlaceholderData }: TimelineResult,
  count: number,
): string {
  if (isEverything(search) || !data || isPlaceholderData) return "";
  if (data.next === null) return `${counted(count, "photo")} found`;
  return count === 0 ? "Searching…" : `More than ${counted(count, "photo")} found`;
}
