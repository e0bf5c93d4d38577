import { useSyncExternalStore } from "react";
import { isActive, type UploadQueue } from "./uploadQueue";

/** Whether files are on their way. Changes less often than what `useUploads` gives. */
export function useIsUploading(queue: UploadQueue): boolean {
  return useSyncExternalStore(queue.subscribe, () => queue.getSnapshot().uploads.some(isActive));
}
