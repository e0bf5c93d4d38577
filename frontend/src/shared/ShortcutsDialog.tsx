import { Fragment, useEffect, useRef } from "react";
import styles from "./ShortcutsDialog.module.css";

const SHORTCUTS: [keys: string[], does: string][] = [
  [["/"], "search"],
  [["←", "→", "↑", "↓"], "go from photo to photo"],
  [["Enter"], "open the photo"],
  [["Space", "x"], "select the photo"],
  [["Shift Space"], "select up to the photo"],
  [["Delete"], "delete, with a moment to undo it"],
  [["Ctrl z"], "undo the deletion"],
  [["Esc"], "close the photo, clear the selection"],
  [["i"], "show or hide the details of the open photo"],
  [["+", "−"], "zoom"],
  [["?"], "this list"],
];

export interface ShortcutsDialogProps {
  onClose: () => void;
}

/** What the keyboard can do. */
export function ShortcutsDialog({ onClose }: ShortcutsDialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!ref.current?.open) ref.current?.showModal();
  }, []);
  return (
    <dialog ref={ref} className={styles.dialog} aria-labelledby="shortcuts" onClose={onClose}>
      <h2 id="shortcuts" className={styles.title}>
        Keyboard shortcuts
      </h2>
      <dl className={styles.list}>
        {SHORTCUTS.map(([keys, does]) => (
          <Fragment key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key} className={styles.key}>
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </Fragment>
        ))}
      </dl>
      <button type="button" className="button" onClick={() => ref.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
