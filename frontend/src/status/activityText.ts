/** What the activity of a gallery comes to. Free of React. */

import { type ActivityStep, STAGES, type Stage } from "../api";

/** Photos that were dealt with for good in a step. */
export function doneIn({ ready, failed, gave_up }: ActivityStep): number {
  return ready + failed + gave_up;
}

/** Photos that ended without a caption in a step. */
export function failedIn({ failed, gave_up }: ActivityStep): number {
  return failed + gave_up;
}

/** Milliseconds for a photo by stage, over all steps: of the stages that there were. */
export function stageMeans(steps: ActivityStep[]): [Stage, number][] {
  return STAGES.flatMap((stage): [Stage, number][] => {
    let photos = 0;
    let milliseconds = 0;
    for (const { ms, ready, failed } of steps) {
      photos += ms[stage] === undefined ? 0 : ready + failed;
      milliseconds += (ms[stage] ?? 0) * (ready + failed);
    }
    return photos > 0 ? [[stage, milliseconds / photos]] : [];
  });
}

/** How long the photos waited that were worked on last, in seconds; null where none were. */
export function lastWait(steps: ActivityStep[]): number | null {
  return steps.findLast(({ wait_seconds }) => wait_seconds !== null)?.wait_seconds ?? null;
}

/** What the graph of photos shows, in a sentence. */
export function photosText(steps: ActivityStep[], stepMinutes: number): string {
  const done = steps.map(doneIn);
  const all = done.reduce((sum, photos) => sum + photos, 0);
  if (all === 0) return "No photo was captioned in this time.";
  const failed = steps.reduce((sum, step) => sum + failedIn(step), 0);
  const step = stepMinutes === 1 ? "a minute" : `${stepMinutes} minutes`;
  return `${numberText(all)} in all, ${numberText(failed)} of them failed; at most ${numberText(Math.max(...done))} in ${step}.`;
}

/** A time of day on this device, in hours and minutes. */
export function clockText(at: string): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "0.4 s", "95 s", "3 min", "2 h". */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

export function millisecondsText(milliseconds: number): string {
  const digits = { maximumFractionDigits: milliseconds < 10 ? 1 : 0 };
  return `${milliseconds.toLocaleString("en", digits)} ms`;
}

export function numberText(count: number): string {
  return count.toLocaleString("en");
}
