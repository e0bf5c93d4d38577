/** What the page knows of the gallery, and how answers of the API change it. Free of React. */

import { replaceEqualDeep } from "@tanstack/react-query";
import type { Image, Page, Search } from "../api";

/** The part of the gallery, or of what a search finds, that was loaded. */
export interface Timeline {
  /** As the gallery listed it: newest first, without gaps. */
  listed: Image[];
  /** Cursor of what follows the last listed photo; null at the end of the gallery. */
  next: string | null;
  /** Photos that were sent from this page and that no listing has shown yet. */
  arrivals: Image[];
}

export const EMPTY_TIMELINE: Timeline = { listed: [], next: null, arrivals: [] };

/** Answers of one refresh. */
export interface Refresh {
  /** The newest photos. */
  head: Page;
  /** The ids that were asked for beside the head. */
  asked: string[];
  /** The photos that came for them. */
  answered: Image[];
}

/** Every photo of the timeline, newest first. */
export function imagesOf({ listed, arrivals }: Timeline): Image[] {
  if (arrivals.length === 0) return listed;
  return [...arrivals, ...listed].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
}

/** Whether a photo of the timeline waits for its caption. */
export function hasPending({ listed, arrivals }: Timeline): boolean {
  return [listed, arrivals].some((images) => images.some((image) => image.status === "pending"));
}

/**
 * Photos that the newest page does not show and whose words are still to come, to be asked for by id.
 *
 * @param replaced the name of the model whose words are made anew; null where none are.
 */
export function awaitedBeyond(timeline: Timeline, head: Page, replaced: string | null): string[] {
  const shown = idsOf(head.items);
  const isAwaited = ({ status, model }: Image) =>
    status === "pending" || (status === "ready" && replaced !== null && model?.name === replaced);
  return imagesOf(timeline)
    .filter((image) => isAwaited(image) && !shown.has(image.id))
    .map((image) => image.id);
}

/** Whether the newest page reaches down to the newest photo that was listed before. */
export function reaches(head: Page, timeline: Timeline): boolean {
  const oldest = head.items.at(-1);
  const newest = timeline.listed[0];
  if (!newest || head.next === null) return true;
  // A page of a search may be empty, and others follow.
  return oldest !== undefined && oldest.created_at <= newest.created_at;
}

/** Two parts of the gallery, the second following on the first, as one. */
export function joined(first: Page, second: Page): Page {
  return { items: [...first.items, ...second.items], next: second.next };
}

/**
 * The timeline after a refresh. Photos that did not change stay the same objects.
 *
 * @param before the timeline when the refresh set out.
 * @param now the timeline as it is: photos may have been sent, loaded or deleted meanwhile.
 */
export function refreshed(before: Timeline, now: Timeline, { head, asked, answered }: Refresh): Timeline {
  const still = idsOf(imagesOf(now));
  const deleted = new Set([...idsOf(imagesOf(before))].filter((id) => !still.has(id)));
  const known = new Map(imagesOf(now).map((image) => [image.id, image]));
  const same = (image: Image) => replaceEqualDeep(known.get(image.id), image);

  const news = new Map(answered.map((image) => [image.id, same(image)]));
  const gone = new Set(asked.filter((id) => !news.has(id)));
  const newest = head.items.filter((image) => !deleted.has(image.id)).map(same);
  const inHead = idsOf(head.items);
  const end = head.items.at(-1);
  const isUnmet = end !== undefined && !reaches(head, before);
  const older =
    head.next === null || isUnmet
      ? []
      : now.listed.filter((image) => (!end || image.created_at < end.created_at) && !gone.has(image.id));

  // A pending arrival may not have reached the gallery yet. One that was ready before did, so it is listed or gone.
  const due = idsOf(before.arrivals.filter(({ status }) => status !== "pending"));
  const isAbove = (image: Image) => head.next === null || (end && image.created_at >= end.created_at);
  return {
    listed: [...newest, ...older.map((image) => news.get(image.id) ?? image)],
    next: older.length > 0 ? now.next : head.next,
    arrivals: now.arrivals
      .filter((image) => !inHead.has(image.id) && !(due.has(image.id) && isAbove(image)))
      .map((image) => news.get(image.id) ?? image),
  };
}

/** The timeline with the part that follows it. */
export function withOlder(timeline: Timeline, page: Page): Timeline {
  const known = idsOf(timeline.listed);
  const added = idsOf(page.items);
  return {
    listed: [...timeline.listed, ...page.items.filter((image) => !known.has(image.id))],
    next: page.next,
    arrivals: timeline.arrivals.filter((image) => !added.has(image.id)),
  };
}

/** The timeline with a photo that was just sent. */
export function withArrival(timeline: Timeline, image: Image): Timeline {
  if (imagesOf(timeline).some(({ id }) => id === image.id)) return timeline;
  return { ...timeline, arrivals: [image, ...timeline.arrivals] };
}

/** The timeline without some photos. */
export function without(timeline: Timeline, ids: readonly string[]): Timeline {
  const gone = new Set(ids);
  const isLeft = ({ id }: Image) => !gone.has(id);
  return { ...timeline, listed: timeline.listed.filter(isLeft), arrivals: timeline.arrivals.filter(isLeft) };
}

/** The timeline with a photo as it is now. */
export function withChanged(timeline: Timeline, changed: Image): Timeline {
  const change = (image: Image) => (image.id === changed.id ? changed : image);
  return { ...timeline, listed: timeline.listed.map(change), arrivals: timeline.arrivals.map(change) };
}

/** The timeline without photos whose status is no longer the one that is looked for. */
export function matching(timeline: Timeline, { status }: Search): Timeline {
  if (status === null) return timeline;
  return { ...timeline, listed: timeline.listed.filter((image) => image.status === status) };
}

function idsOf(images: Image[]): Set<string> {
  return new Set(images.map((image) => image.id));
}
