import type { Image } from "../api";
import { BrokenIcon } from "./BrokenIcon";
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
  const look = image.status === "pending" ? "shimmer" : "";
  return (
    <div className={`${styles.picture ?? ""} ${look}`} style={{ height }}>
      {image.status === "ready" && <Thumbnail image={image} width={width} />}
      {image.status === "failed" && <BrokenIcon />}
    </div>
  );
}
