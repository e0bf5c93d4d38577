/** Moves through the browser's history. Free of React. */

import type { Search } from "../api";
import { type Address, GALLERY_PATH, readAddress, STATUS_PATH, writeAddress } from "./address";

/** The photo at the top of the window, to come back to. */
export interface Place {
  photo: string;
  /** How many photos come before it. */
  index: number;
  /** Pixels from the top of the window to the photo's. */
  offset: number;
}

/** What an entry of the history remembers beside its address. */
interface Entry {
  place?: Place | undefined;
  /** Whether the photo was opened from the gallery, so that going back closes it. */
  isOpened?: boolean;
}

const MOVED = "captionary:moved";

export function currentAddress(): Address {
  return readAddress(window.location.search);
}

/** Whether the address is that of the gallery's state. */
export function isAtStatus(): boolean {
  return window.location.pathname === STATUS_PATH;
}

/** Have `listener` called when the address changes; gives the way to stop that. */
export function onMove(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(MOVED, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(MOVED, listener);
  };
}

/** Go to what a search finds, as a new entry, or in place of this one while a search is being typed. */
export function goToSearch(search: Search, isTyped = false): void {
  const address = { search, photo: null };
  if (isTyped && !isAtStatus()) replace(address, {});
  else push(address, {});
}

/** Go to the gallery's state. */
export function goToStatus(): void {
  window.history.pushState({}, "", STATUS_PATH);
  window.dispatchEvent(new Event(MOVED));
}

/** Open a photo. From one open photo to another is no step of its own. */
export function goToPhoto(photo: string): void {
  const address = currentAddress();
  if (address.photo === null) push({ ...address, photo }, { ...entry(), isOpened: true });
  else replace({ ...address, photo }, entry());
}

/** Close the photo, back to where it was opened. */
export function leavePhoto(): void {
  if (entry().isOpened) window.history.back();
  else replace({ ...currentAddress(), photo: null }, entry());
}

/** The place that this entry was left at. */
export function rememberedPlace(): Place | undefined {
  return entry().place;
}

export function rememberPlace(place: Place | undefined): void {
  window.history.replaceState({ ...entry(), place }, "");
}

function push(address: Address, state: Entry): void {
  window.history.pushState(state, "", pathOf(address));
  window.dispatchEvent(new Event(MOVED));
}

function replace(address: Address, state: Entry): void {
  window.history.replaceState(state, "", pathOf(address));
  window.dispatchEvent(new Event(MOVED));
}

function pathOf(address: Address): string {
  return GALLERY_PATH + writeAddress(address);
}

function entry(): Entry {
  return (window.history.state ?? {}) as Entry;
}
