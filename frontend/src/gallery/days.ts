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
  for (const image of images) {
    const date = dateOf(new Date(image.created_at));
    const last = days.at(-1);
    if (last?.date === date) last.images.push(image);
    else days.push({ date, images: [image] });
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
