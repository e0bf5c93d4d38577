import type { Image } from "../api";
import { Icon } from "../shared/Icon";
import { CopyButton } from "./CopyButton";
import styles from "./Toolbar.module.css";

export interface ToolbarProps {
  /** Undefined until it was loaded. */
  image: Image | undefined;
  isPanelShown: boolean;
  onTogglePanel: () => void;
  onZoom: () => void;
  onClose: () => void;
  onDelete: (image: Image) => void;
}

/** What can be done with the photo that is open. */
export function Toolbar({ image, isPanelShown, onTogglePanel, onZoom, onClose, onDelete }: ToolbarProps) {
  return (
    <div className={styles.bar}>
      <button
        type="button"
        className={styles.button}
        aria-label="Back to the gallery"
        title="Back to the gallery (Esc)"
        onClick={onClose}
      >
        <Icon name="close" size={20} />
      </button>
      <span className={styles.space} />
      {image && (
        <>
          {image.status === "ready" && (
            <button
              type="button"
              className={styles.button}
              aria-label="Zoom"
              title="Zoom (+ and −)"
              onClick={onZoom}
            >
              <Icon name="zoom" size={20} />
            </button>
          )}
          {image.caption !== null && <CopyButton className={styles.button} text={image.caption} />}
          <a
            className={styles.button}
            href={image.original_url}
            download={image.filename}
            aria-label="Download the original"
            title="Download the original"
          >
            <Icon name="download" size={20} />
          </a>
          <button
            type="button"
            className={styles.button}
            aria-label="Delete this photo"
            title="Delete (Del)"
            onClick={() => {
              onDelete(image);
            }}
          >
            <Icon name="trash" size={20} />
          </button>
          <button
            type="button"
            className={styles.button}
            aria-label="Details"
            aria-pressed={isPanelShown}
            title="Details (i)"
            onClick={onTogglePanel}
          >
            <Icon name="info" size={20} />
          </button>
        </>
      )}
    </div>
  );
}
