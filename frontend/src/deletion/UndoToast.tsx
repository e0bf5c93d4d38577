import { Icon } from "../shared/Icon";
import { counted } from "../shared/counted";
import { type DeletionQueue, GRACE_MS } from "./deletionQueue";
import styles from "./UndoToast.module.css";
import { useDeletions } from "./useDeletions";

export interface UndoToastProps {
  queue: DeletionQueue;
  /** Called with the photo to go on with. */
  onUndone: (id: string) => void;
}

/** Offers to bring back what was just deleted. Its clock stands still while one points at it. */
export function UndoToast({ queue, onUndone }: UndoToastProps) {
  const { batches } = useDeletions(queue);
  const batch = batches.at(-1);
  return (
    <div className={styles.place}>
      <p role="status" className="visually-hidden">
        {batch && `${counted(batch.images.length, "photo")} deleted. Undo is possible for a moment.`}
      </p>
      {batch && (
        // Pointing at the whole of it is enough; its buttons do the rest.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
        <div
          className={styles.toast}
          role="group"
          aria-label="Deletion"
          onPointerEnter={queue.pause}
          onPointerLeave={queue.resume}
          onFocus={queue.pause}
          onBlur={queue.resume}
        >
          <span>{counted(batch.images.length, "photo")} deleted</span>
          <button
            type="button"
            className={styles.undo}
            onClick={() => {
              queue.undo();
              queue.resume();
              const [first] = batch.images;
              if (first) onUndone(first.id);
            }}
          >
            Undo
            <span className={styles.seconds} aria-hidden="true">
              {Math.ceil(batch.leftMs / 1000)}
            </span>
          </button>
          <button
            type="button"
            className={styles.close}
            aria-label="Delete for good now"
            title="Delete for good now"
            onClick={() => {
              queue.hurry();
              queue.resume();
            }}
          >
            <Icon name="close" />
          </button>
          <span
            className={styles.left}
            style={{ transform: `scaleX(${batch.leftMs / GRACE_MS})` }}
            aria-hidden="true"
          />
        </div>
      )}
    </div>
  );
}
