import type { Image } from "../api";

/** What is known of a photo's file, as names and values. */
export function factsOf(image: Image): [name: string, value: string][] {
  const { taken_at, created_at, width, height, bytes, camera, filename, model } = image;
  const facts: [string, string | null][] = [
    ["Taken", taken_at && dateText(taken_at)],
    ["Added", dateText(created_at)],
    ["Size", [width && height ? `${width} × ${height}` : null, bytesText(bytes)].filter(Boolean).join(", ")],
    ["Camera", camera],
    ["File", filename],
    ["Model", model && model.name],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null && fact[1] !== "");
}

/** A time on this device's calendar: "5 January 2026, 14:05". */
function dateText(time: string): string {
  return new Date(time).toLocaleString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** A number of bytes: "320 kB", "2.1 MB"; empty for none. */
export function bytesText(bytes: number): string {
  if (bytes === 0) return "";
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
