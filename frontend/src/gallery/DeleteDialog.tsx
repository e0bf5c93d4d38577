import { useEffect, useId, useRef } from "react";
import type { Image } from "../api";
import styles from "./DeleteDialog.module.css";

export interface DeleteDialogProps {
  image: Image;
  onConfirm: () => void;
  onCancel: () => void;
}

const CONFIRMED = "confirmed";

/** Asks whether a photo is really to go. */
export function DeleteDialog({ image, onConfirm, onCancel }: DeleteDialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const textId = useId();
  useEffect(() => {
    if (!ref.current?.open) ref.current?.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      className={styles.dialog}
      aria-labelledby={titleId}
      aria-describedby={textId}
      onClose={(event) => {
        if (event.currentTarget.returnValue === CONFIRMED) onConfirm();
        else onCancel();
      }}
    >
      <h2 id={titleId} className={styles.title}>
        Delete “{image.filename}”?
      </h2>
      <div id={textId} className={styles.text}>
        {image.caption && <p className={styles.caption}>{image.caption}</p>}
        <p>The photo and all that is known of it are removed for good.</p>
      </div>
      <div className={styles.buttons}>
        <button type="button" className="button" onClick={() => ref.current?.close()}>
          Keep it
        </button>
        <button type="button" className="button button-danger" onClick={() => ref.current?.close(CONFIRMED)}>
          Delete
        </button>
      </div>
    </dialog>
  );
}
