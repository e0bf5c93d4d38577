import type { Status } from "../api";
import { PlusIcon } from "../shared/PlusIcon";
import styles from "./Header.module.css";
import { modelNote, statusParts } from "./statusText";

export interface HeaderProps {
  /** Undefined until the gallery has answered. */
  status: Status | undefined;
  onAdd: () => void;
}

/** The name, how the gallery is doing, and the way to add photos. */
export function Header({ status, onAdd }: HeaderProps) {
  return (
    <header className={styles.header}>
      <h1 className={styles.name}>
        <img className={styles.mark} src="/favicon.svg" alt="" width={28} height={28} />
        Captionary
      </h1>
      <div className={styles.status}>
        {status && (
          <>
            <ul className={styles.parts} aria-label="Status">
              {statusParts(status).map((part) => (
                <li key={part}>{part}</li>
              ))}
            </ul>
            <p aria-live="polite">{modelNote(status)}</p>
          </>
        )}
      </div>
      <button type="button" className={`button button-main ${styles.add ?? ""}`} onClick={onAdd}>
        <PlusIcon />
        Add photos
      </button>
    </header>
  );
}
