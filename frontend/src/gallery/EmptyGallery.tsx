import { PlusIcon } from "../shared/PlusIcon";
import styles from "./Message.module.css";

export interface EmptyGalleryProps {
  onAdd: () => void;
}

/** What to do with a gallery that holds nothing yet. */
export function EmptyGallery({ onAdd }: EmptyGalleryProps) {
  return (
    <section className={styles.message}>
      <img src="/favicon.svg" alt="" width={72} height={72} />
      <p className={styles.title}>No photos yet. Each one you add gets its caption within a second or so.</p>
      <button type="button" className="button button-main" onClick={onAdd}>
        <PlusIcon />
        Choose photos
      </button>
      <p>Or drop them anywhere on this page, or put them into the images bucket with any S3 client.</p>
    </section>
  );
}
