import { memo } from "react";
import { Icon } from "../shared/Icon";
import type { Upload, UploadQueue } from "./uploadQueue";
import styles from "./UploadRow.module.css";

export interface UploadRowProps {
  upload: Upload;
  queue: UploadQueue;
  onShow: (id: string) => void;
}

/** A file that is being sent, that failed, or that was skipped. */
export const UploadRow = memo(function UploadRow({ upload, queue, onShow }: UploadRowProps) {
  const { id, filename, state, twin } = upload;
  return (
    <li className={styles.row}>
      <span className={styles.filename} title={filename}>
        {filename}
      </span>
      {state === "failed" && (
        <>
          <span className={styles.reason}>{upload.reason}</span>
          {upload.canRetry && (
            <button
              type="button"
              className={`button button-small ${styles.action ?? ""}`}
              aria-label={`Try again: ${filename}`}
              onClick={() => {
                queue.retry(id);
              }}
            >
              Try again
            </button>
          )}
        </>
      )}
      {state === "skipped" && (
        <>
          <span className={styles.note}>{twin === null ? "Twice among these files" : "Already here"}</span>
          {twin !== null && (
            <button
              type="button"
              className={`button button-small ${styles.action ?? ""}`}
              aria-label={`Show ${filename}`}
              onClick={() => {
                onShow(twin);
              }}
            >
              Show
            </button>
          )}
        </>
      )}
      {state === "sending" && (
        <>
          <progress
            className={styles.progress}
            aria-label={`Upload of ${filename}`}
            value={upload.progress}
          />
          <button
            type="button"
            className={`button-icon ${styles.action ?? ""}`}
            aria-label={`Cancel ${filename}`}
            onClick={() => {
              queue.cancel(id);
            }}
          >
            <Icon name="close" size={14} />
          </button>
        </>
      )}
    </li>
  );
});
