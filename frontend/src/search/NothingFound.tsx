import type { Search } from "../api";
import { Icon } from "../shared/Icon";
import styles from "../gallery/Message.module.css";

export interface NothingFoundProps {
  search: Search;
  onShowAll: () => void;
}

/** A search without photos, and the way out. */
export function NothingFound({ search, onShowAll }: NothingFoundProps) {
  return (
    <section className={styles.message}>
      <Icon name="search" size={40} />
      <p className={styles.title}>{reasonOf(search)}</p>
      {search.q !== "" && (
        <p>Every word has to be in the caption, the labels or the name of the file. Try fewer of them.</p>
      )}
      <button type="button" className="button" onClick={onShowAll}>
        Show all photos
      </button>
    </section>
  );
}

function reasonOf({ q, label, status }: Search): string {
  if (q !== "") return `No photo matches “${q}”${label === null ? "" : ` among those of ${label}`}.`;
  if (label !== null) return `No photo has the label ${label}.`;
  return status === "pending"
    ? "No photo waits for its caption."
    : `No photo ${status === "failed" ? "failed" : "is captioned yet"}.`;
}
