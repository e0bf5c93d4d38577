import { useState } from "react";
import { Icon } from "../shared/Icon";
import { counted } from "../shared/counted";
import { summaryOf } from "./summary";
import { UploadRow } from "./UploadRow";
import styles from "./UploadTray.module.css";
import { isActive, progressOf, type UploadQueue } from "./uploadQueue";
import { useAutoDismiss } from "./useAutoDismiss";
import { useUploads } from "./useUploads";

/** Files that the list shows at most, so that thousands do not slow it down. */
const MOST_ROWS = 200;

export interface UploadTrayProps {
  queue: UploadQueue;
  /** Show a photo of the gallery. */
  onShow: (id: string) => void;
}

/** What is being uploaded, what was there already, and what failed and why. */
export function UploadTray({ queue, onShow }: UploadTrayProps) {
  const state = useUploads(queue);
  const [isFolded, setIsFolded] = useState(false);
  useAutoDismiss(queue, state);
  const { uploads, sent, cancelled, isDismissed } = state;
  if (isDismissed || uploads.length + sent + cancelled === 0) return null;

  const isBusy = uploads.some(isActive);
  const listed = uploads.filter(({ state: step }) => step !== "waiting" && step !== "checking");
  const waiting = uploads.length - listed.length;
  const retriable = listed.filter((upload) => upload.state === "failed" && upload.canRetry).length;
  return (
    <section className={styles.tray} aria-label="Uploads">
      <div className={styles.head}>
        <h2 className={styles.title}>{summaryOf(state)}</h2>
        {isBusy && (
          <button type="button" className="button button-small" onClick={queue.cancelAll}>
            Cancel all
          </button>
        )}
        {!isBusy && retriable > 1 && (
          <button type="button" className="button button-small" onClick={queue.retryAll}>
            Try {retriable} again
          </button>
        )}
        <button
          type="button"
          className={`button-icon ${styles.fold ?? ""}`}
          aria-label={isFolded ? "Show the files" : "Hide the files"}
          aria-expanded={!isFolded}
          onClick={() => {
            setIsFolded(!isFolded);
          }}
        >
          <Icon name="chevronDown" />
        </button>
        <button type="button" className="button-icon" aria-label="Dismiss uploads" onClick={queue.dismiss}>
          <Icon name="close" />
        </button>
      </div>
      {isBusy && (
        <progress className={styles.progress} aria-label="All uploads" value={progressOf(state)} max={1} />
      )}
      {!isFolded && listed.length > 0 && (
        <ul className={styles.list}>
          {listed.slice(0, MOST_ROWS).map((upload) => (
            <UploadRow key={upload.id} upload={upload} queue={queue} onShow={onShow} />
          ))}
        </ul>
      )}
      {!isFolded && waiting > 0 && <p className={styles.waiting}>{counted(waiting, "more photo")} to come</p>}
    </section>
  );
}
