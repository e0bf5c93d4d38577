import { Icon } from "../shared/Icon";
import styles from "./SelectionBar.module.css";

export interface SelectionBarProps {
  count: number;
  onDelete: () => void;
  onClear: () => void;
}

/** Takes the header's place while photos are selected. */
export function SelectionBar({ count, onDelete, onClear }: SelectionBarProps) {
  return (
    <div className={styles.bar} role="toolbar" aria-label="Selected photos">
      <button type="button" className="button-icon" aria-label="Clear selection" onClick={onClear}>
        <Icon name="close" />
      </button>
      <p className={styles.count} role="status">
        {count.toLocaleString("en")} selected
      </p>
      <button type="button" className="button button-danger" onClick={onDelete}>
        <Icon name="trash" />
        Delete
      </button>
    </div>
  );
}
