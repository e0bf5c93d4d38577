import type { Image } from "../api";

/** The id of a photo's element on the page. */
export function elementIdOf(image: Image): string {
  return `photo-${image.id}`;
}

/** Move the keyboard's focus to a photo's button, so that it isn't lost with that of a photo that goes. */
export function focusPhoto(image: Image | undefined): void {
  if (!image) return;
  document.getElementById(elementIdOf(image))?.querySelector("button")?.focus({ preventScroll: true });
}
