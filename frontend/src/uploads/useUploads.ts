import { useSyncExternalStore } from "react";
import type { UploadQueue, Uploads } from "./uploadQueue";

/** What the queue holds, as it changes. */
export function useUploads(queue: UploadQueue): Uploads {
  return useSyncExternalStore(queue.subscribe, queue.getSnapshot);
}
