import type { Image } from "../api";

/** Photos that came on the same day, newest first. */
export interface Day {
  /** On this device's calendar: "2026-01-31". */
  date: string;
  images: Image[];
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Photos, newest first, by the day on which the gallery took them in. */
export function byDay(images: Image[]): Day[] {
  const days: Day[] = [];
  let last: Day | undefined;
  let beginning = "";
  for (const image of images) {
    // Times as text compare like times, and there are many photos.
    if (last && image.created_at >= beginning) {
      last.images.push(image);
      continue;
    }
    const time = new Date(image.created_at);
    last = { date: dateOf(time), images: [image] };
    days.push(last);
    beginning = new Date(time.getFullYear(), time.getMonth(), time.getDate()).toISOString().slice(0, -1);
  }
  return days;
}

/** A day in words: "Today", "Yesterday", "Monday, 5 January", "5 January 2025". */
export function dayTitle(date: string, now = new Date()): string {
  if (date === dateOf(now)) return "Today";
  if (date === dateOf(new Date(now.getTime() - DAY_MS))) return "Yesterday";
  const noon = new Date(`${date}T12:00:00`);
  return noon.getFullYear() === now.getFullYear()
    ? noon.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" })
    : noon.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

function dateOf(time: Date): string {
  const [month, day] = [time.getMonth() + 1, time.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${time.getFullYear()}-${month ?? ""}-${day ?? ""}`;
}
