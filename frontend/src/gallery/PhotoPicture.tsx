import type { Image } from "../api";
import { localPicture } from "../uploads/localPictures";
import { Icon } from "../shared/Icon";
import styles from "./PhotoPicture.module.css";
import { Thumbnail } from "./Thumbnail";

export interface PhotoPictureProps {
  image: Image;
  /** In CSS pixels. */
  width: number;
  /** In CSS pixels. */
  height: number;
}

/** The place of a photo's picture, of the same size before and after the picture is there. */
export function PhotoPicture({ image, width, height }: PhotoPictureProps) {
  const local = localPicture(image.id);
  return (
    <div className={styles.picture} style={{ height }}>
      {local && image.status !== "failed" && <img className={styles.layer} src={local.url} alt="" />}
      {image.status === "ready" && <Thumbnail image={image} width={width} hasBlur={!local} />}
      {image.status === "pending" && (
        <>
          <div className={`${styles.layer ?? ""} ${local ? "" : "shimmer"}`} />
          <span className={styles.state}>Captioning…</span>
        </>
      )}
      {image.status === "failed" && (
        <div className={styles.failure}>
          <span className={styles.failureMark}>
            <Icon name="broken" size={28} />
          </span>
          <p className={styles.reason}>{image.error?.message}</p>
        </div>
      )}
    </div>
  );
}
