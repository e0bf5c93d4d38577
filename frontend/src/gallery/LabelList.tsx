import type { Label } from "../api";
import styles from "./LabelList.module.css";
import { percentOf } from "./photoText";

const MOST_LABELS = 3;

export interface LabelListProps {
  /** Best first. */
  labels: Label[];
}

/** The best labels of a photo, with their scores. */
export function LabelList({ labels }: LabelListProps) {
  if (labels.length === 0) return null;
  return (
    <ul className={styles.labels} aria-label="Labels">
      {labels.slice(0, MOST_LABELS).map((label) => (
        <li key={label.name} className={styles.label}>
          <span className={styles.name}>{label.name}</span> {percentOf(label)}
        </li>
      ))}
    </ul>
  );
}
