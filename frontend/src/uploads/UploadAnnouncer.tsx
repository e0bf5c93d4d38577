import { summaryOf } from "./summary";
import { isActive, type UploadQueue } from "./uploadQueue";
import { useUploads } from "./useUploads";

export interface UploadAnnouncerProps {
  queue: UploadQueue;
}

/** Tells screen readers how uploads went, once all are through. */
export function UploadAnnouncer({ queue }: UploadAnnouncerProps) {
  const state = useUploads(queue);
  return (
    <p role="status" className="visually-hidden">
      {state.uploads.some(isActive) ? "" : summaryOf(state)}
    </p>
  );
}
