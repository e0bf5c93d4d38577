/** What the address bar holds: the search, and the photo that is open. Free of React. */

import type { PhotoStatus, Search } from "../api";

export interface Address {
  search: Search;
  /** Id of the photo that is open. */
  photo: string | null;
}

/** Where the gallery's state is told, and where its photos are. */
export const STATUS_PATH = "/status";
export const GALLERY_PATH = "/";

export const EVERYTHING: Search = { q: "", label: null, status: null };

const STATUSES: readonly string[] = ["pending", "ready", "failed"] satisfies PhotoStatus[];

/** Read an address's query: "?q=dog&photo=abc". What makes no sense is left out. */
export function readAddress(query: string): Address {
  const values = new URLSearchParams(query);
  const status = values.get("status") ?? "";
  return {
    search: {
      q: (values.get("q") ?? "").trim(),
      label: values.get("label") ?? null,
      status: STATUSES.includes(status) ? (status as PhotoStatus) : null,
    },
    photo: values.get("photo") ?? null,
  };
}

/** The query for an address; empty for the whole gallery. */
export function writeAddress({ search, photo }: Address): string {
  const query = new URLSearchParams({
    ...(search.q !== "" && { q: search.q }),
    ...(search.label !== null && { label: search.label }),
    ...(search.status !== null && { status: search.status }),
    ...(photo !== null && { photo }),
  }).toString();
  return query === "" ? "" : `?${query}`;
}

/** A name for a search, the same for the same search. */
export function keyOf(search: Search): string {
  return writeAddress({ search, photo: null });
}

export function isEverything(search: Search): boolean {
  return keyOf(search) === "";
}
