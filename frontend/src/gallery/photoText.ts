import { writeAddress } from "../address/address";
import { currentAddress } from "../address/navigation";
import type { Image, Label } from "../api";

/** What a photo is called: its caption, or the name of its file where there is none. */
export function titleOf(image: Image): string {
  return (image.status === "ready" && image.caption) || image.filename;
}

/** A label's score in percent; null for the words of people, who are sure. */
export function percentOf(label: Label): string | null {
  return label.source === "model" ? `${Math.round(label.score * 100)}%` : null;
}

/** The address that opens a photo among those that are shown. */
export function photoAddress(id: string): string {
  return writeAddress({ ...currentAddress(), photo: id });
}
