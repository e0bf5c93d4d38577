import { CloseIcon } from "../shared/CloseIcon";
import { counted } from "../shared/counted";
import { summaryOf } from "./summary";
import { UploadRow } from "./UploadRow";
import styles from "./UploadTray.module.css";
import type { UploadQueue } from "./uploadQueue";
import { useAutoDismiss } from "./useAutoDismiss";
import { useUploads } from "./useUploads";

export interface UploadTrayProps {
  queue: UploadQueue;
}

/** What is being uploaded, and what failed and why. */
export function UploadTray({ queue }: UploadTrayProps) {
  const state = useUploads(queue);
  useAutoDismiss(queue, state);
  if (state.isDismissed || (state.uploads.length === 0 && state.sent === 0)) return null;

  const listed = state.uploads.filter((upload) => upload.state !== "waiting");
  const waiting = state.uploads.length - listed.length;
  return (
    <section className={styles.tray} aria-label="Uploads">
      <div className={styles.head}>
        <h2 className={styles.title}>{summaryOf(state)}</h2>
        <button type="button" className="button-icon" aria-label="Dismiss uploads" onClick={queue.dismiss}>
          <CloseIcon />
        </button>
      </div>
      {listed.length > 0 && (
        <ul className={styles.list}>
          {listed.map((upload) => (
            <UploadRow key={upload.id} upload={upload} onRetry={queue.retry} />
          ))}
        </ul>
      )}
      {waiting > 0 && <p className={styles.waiting}>{counted(waiting, "more photo")} to come</p>}
    </section>
  );
}
