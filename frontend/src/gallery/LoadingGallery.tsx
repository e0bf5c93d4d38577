import styles from "./LoadingGallery.module.css";

const PLACES = [1, 2, 3, 4, 5, 6, 7, 8];

/** Shown until the gallery answers for the first time. */
export function LoadingGallery() {
  return (
    <div className={styles.loading} role="status">
      <span className="visually-hidden">Loading photos…</span>
      {PLACES.map((place) => (
        <div key={place} className={`shimmer ${styles.place ?? ""}`} />
      ))}
    </div>
  );
}
