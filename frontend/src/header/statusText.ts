import type { Status } from "../api";
import { counted } from "../shared/counted";

const STARTER = "starter";

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

/** What there is to know about the model, in a sentence; empty where its name says all. */
export function modelNote(status: Status): string {
  switch (status.upgrade?.state) {
    case "preparing":
      return "The starter model is captioning; the full one is being prepared.";
    case "captioning":
      return "The full model is captioning now, and makes earlier captions anew.";
    case "done":
      return status.upgrade.reason === null
        ? "Now captioned by the full model."
        : `Now captioned by the full model. Earlier captions were not all made anew: ${withoutStop(status.upgrade.reason)}.`;
    case "failed":
      return `The full model can’t take over: ${status.upgrade.reason ?? "no reason was given"}; still the starter.`;
    default:
      return isStarter(status) ? "Captions come from the small starter model." : "";
  }
}

function withoutStop(reason: string): string {
  return reason.replace(/\.$/, "");
}

/** The model whose captions the full one makes anew, or has lately made anew; null where there is none. */
export function replacedModel(status: Status | undefined): string | null {
  const state = status?.upgrade?.state;
  return state === "captioning" || state === "done" ? STARTER : null;
}

/** Whether captions come from the small model that ships with the gallery. */
export function isStarter({ model }: Status): boolean {
  return model?.name === STARTER;
}
