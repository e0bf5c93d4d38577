import styles from "./DropOverlay.module.css";

/** Covers the page while files are dragged over it. */
export function DropOverlay() {
  return (
    <div className={styles.overlay}>
      <p className={styles.invitation}>Drop photos to add them</p>
    </div>
  );
}
