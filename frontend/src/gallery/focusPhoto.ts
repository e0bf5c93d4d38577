/** The id of a photo's element on the page. */
export function elementIdOf(id: string): string {
  return `photo-${id}`;
}

/** Move the keyboard's focus to a photo, and bring it into view. */
export function focusPhoto(id: string): void {
  const photo = document.getElementById(elementIdOf(id));
  photo?.querySelector("a")?.focus({ preventScroll: true });
  photo?.scrollIntoView({ block: "nearest" });
}
