import { Fragment } from "react";
import { Dialog } from "./Dialog";
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
  return (
    <Dialog title="Keyboard shortcuts" closing="Close" onClose={onClose}>
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
    </Dialog>
  );
}
