import { useEffect } from "react";
import type { UploadQueue, Uploads } from "./uploadQueue";

const SHOWN_FOR_MS = 5000;

/** Dismiss the list of uploads a while after all is done, if nothing failed. */
export function useAutoDismiss(queue: UploadQueue, { uploads, sent, cancelled }: Uploads): void {
  const isDone = uploads.every(({ state }) => state === "skipped") && uploads.length + sent + cancelled > 0;
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(queue.dismiss, SHOWN_FOR_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isDone, queue]);
}
