import { memo } from "react";
import type { Image } from "../api";
import { TrashIcon } from "../shared/TrashIcon";
import { elementIdOf } from "./focusPhoto";
import { LabelList } from "./LabelList";
import styles from "./PhotoCard.module.css";
import { PhotoPicture } from "./PhotoPicture";
import { titleOf } from "./photoText";

export interface PhotoCardProps {
  image: Image;
  /** Of the picture on the page, in CSS pixels. */
  width: number;
  /** Of the picture on the page, in CSS pixels. */
  height: number;
  onDelete: (image: Image) => void;
}

/** A photo with what is known of it. */
export const PhotoCard = memo(function PhotoCard({ image, width, height, onDelete }: PhotoCardProps) {
  return (
    <li className={styles.card} id={elementIdOf(image)} style={{ width }}>
      <PhotoPicture image={image} width={width} height={height} />
      <div className={styles.text}>
        <p className={image.status === "ready" ? styles.caption : styles.filename}>{titleOf(image)}</p>
        <button
          type="button"
          className={`button-icon ${styles.delete ?? ""}`}
          aria-label={`Delete ${titleOf(image)}`}
          onClick={() => {
            onDelete(image);
          }}
        >
          <TrashIcon />
        </button>
        {image.status === "pending" && <p className={styles.state}>Captioning…</p>}
        {image.status === "failed" && <p className={styles.failure}>{image.error?.message}</p>}
        {image.status === "ready" && <LabelList labels={image.labels} />}
      </div>
    </li>
  );
});
