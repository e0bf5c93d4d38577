import type { Status } from "../api";
import { counted } from "../shared/counted";

/** About how many photos wait for their caption: those of the page, and those that other clients dropped. */
export function waitingIn({ counts, queue }: Status): number {
  return Math.max(counts.pending, queue.waiting);
}

/** The state of the gallery in a few parts, e.g. "128 photos", "3 waiting", "captions by imagenet". */
export function statusParts(status: Status): string[] {
  const { counts, model } = status;
  const waiting = waitingIn(status);
  return [
    counted(counts.pending + counts.ready + counts.failed, "photo"),
    ...(waiting > 0 ? [`${waiting.toLocaleString("en")} waiting`] : []),
    ...(counts.failed > 0 ? [`${counts.failed.toLocaleString("en")} failed`] : []),
    ...(model && !isStarter(status) ? [`captions by ${model.name}`] : []),
  ];
}

/** Whether captions come from the small model that ships with the gallery. */
export function isStarter({ model }: Status): boolean {
  return model?.name === "starter";
}
