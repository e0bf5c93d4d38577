import styles from "./Message.module.css";

/** Shown while the gallery has never answered. */
export function UnreachableGallery() {
  return (
    <section className={styles.message} role="alert">
      <p className={styles.title}>The gallery does not answer.</p>
      <p>It is asked again every few seconds; this page goes on by itself as soon as it is back.</p>
    </section>
  );
}
