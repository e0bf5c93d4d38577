/** Photos, labels and the state of the gallery. */

import { getJson, sendJson } from "./request";
import {
  type Activity,
  type Edit,
  IDS_PER_REQUEST,
  type Image,
  type LabelCount,
  type Page,
  type Search,
  type Similar,
  type Status,
  type Verdict,
} from "./types";

/** A part of what a search finds: the newest photos, or those after `cursor`. */
export async function listImages(
  search: Search,
  limit: number,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page> {
  const query = new URLSearchParams({
    limit: String(limit),
    ...(cursor !== null && { cursor }),
    ...(search.q !== "" && { q: search.q }),
    ...(search.label !== null && { label: search.label }),
    ...(search.status !== null && { status: search.status }),
  });
  return (await getJson(`/api/images?${query.toString()}`, signal)) as Page;
}

/** The photos with these ids; those that are not in the gallery are left out. */
export async function getImages(ids: string[], signal?: AbortSignal): Promise<Image[]> {
  const pages = await Promise.all(
    chunked(ids).map((chunk) => getJson(`/api/images?ids=${chunk.join(",")}`, signal) as Promise<Page>),
  );
  return pages.flatMap((page) => page.items);
}

export async function getImage(id: string, signal?: AbortSignal): Promise<Image> {
  return (await getJson(`/api/images/${encodeURIComponent(id)}`, signal)) as Image;
}

/** Put a person's words in place of the model's, or go back to the model's. */
export async function editImage(id: string, edit: Edit): Promise<Image> {
  return (await sendJson("PATCH", `/api/images/${id}`, edit)) as Image;
}

/** Say whether the words of a photo are right. */
export async function sendFeedback(id: string, verdict: Verdict): Promise<Image> {
  return (await sendJson("POST", `/api/images/${id}/feedback`, { verdict })) as Image;
}

/** Have a photo captioned once more. */
export async function retryImage(id: string): Promise<Image> {
  return (await sendJson("POST", `/api/images/${id}/retry`, {})) as Image;
}

/**
 * Remove photos; fine if they are gone already.
 *
 * @param keepalive whether the request goes on when the page is left.
 */
export async function deleteImages(ids: string[], keepalive = false): Promise<void> {
  await Promise.all(
    chunked(ids).map((chunk) => sendJson("POST", "/api/images/delete", { ids: chunk }, { keepalive })),
  );
}

/** Photos that look like this one, best first. */
export async function listSimilar(id: string, signal?: AbortSignal): Promise<Similar[]> {
  const answer = await getJson(`/api/images/${id}/similar?limit=12`, signal);
  return (answer as { items: Similar[] }).items;
}

/** Labels of the gallery with a word that begins with `beginning`, most frequent first. */
export async function listLabels(
  beginning: string,
  limit: number,
  signal?: AbortSignal,
): Promise<LabelCount[]> {
  const query = new URLSearchParams({ q: beginning, limit: String(limit) });
  return ((await getJson(`/api/labels?${query.toString()}`, signal)) as { items: LabelCount[] }).items;
}

/** Counts, queue and model. */
export async function getStatus(signal?: AbortSignal): Promise<Status> {
  return (await getJson("/api/status", signal)) as Status;
}

/** What was captioned in the last minutes. */
export async function getActivity(minutes: number, signal?: AbortSignal): Promise<Activity> {
  return (await getJson(`/api/activity?minutes=${minutes}`, signal)) as Activity;
}

function chunked(ids: string[]): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
    chunks.push(ids.slice(start, start + IDS_PER_REQUEST));
  }
  return chunks;
}
