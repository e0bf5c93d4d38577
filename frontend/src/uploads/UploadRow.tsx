import type { Upload } from "./uploadQueue";
import styles from "./UploadRow.module.css";

export interface UploadRowProps {
  upload: Upload;
  onRetry: (id: number) => void;
}

/** A file that is being sent, or that failed. */
export function UploadRow({ upload, onRetry }: UploadRowProps) {
  return (
    <li className={styles.row}>
      <span className={styles.filename}>{upload.filename}</span>
      {upload.state === "failed" ? (
        <>
          <span className={styles.reason}>{upload.reason}</span>
          {upload.canRetry && (
            <button
              type="button"
              className={`button ${styles.retry ?? ""}`}
              aria-label={`Try again: ${upload.filename}`}
              onClick={() => {
                onRetry(upload.id);
              }}
            >
              Try again
            </button>
          )}
        </>
      ) : (
        <progress
          className={styles.progress}
          aria-label={`Upload of ${upload.filename}`}
          value={upload.progress}
        />
      )}
    </li>
  );
}
