import { useEffect } from "react";
import type { UploadQueue, Uploads } from "./uploadQueue";

const SHOWN_FOR_MS = 4000;

/** Dismiss the list of uploads a while after all of them arrived. */
export function useAutoDismiss(queue: UploadQueue, { uploads, sent }: Uploads): void {
  const isDone = uploads.length === 0 && sent > 0;
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(queue.dismiss, SHOWN_FOR_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isDone, queue]);
}
