import { useSyncExternalStore } from "react";
import type { DeletionQueue, Deletions } from "./deletionQueue";

/** What the queue holds, as it changes. */
export function useDeletions(queue: DeletionQueue): Deletions {
  return useSyncExternalStore(queue.subscribe, queue.getSnapshot);
}

/** Ids of photos that are not to be shown any more. Changes less often than what `useDeletions` gives. */
export function useLeaving(queue: DeletionQueue): ReadonlySet<string> {
  return useSyncExternalStore(queue.subscribe, () => queue.getSnapshot().leaving);
}
