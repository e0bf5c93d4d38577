import { useMemo, useState } from "react";
import type { Image } from "../api";
import { titleOf } from "./photoText";
import { placeholderUrl } from "./placeholder";
import { sourcesOf } from "./sources";
import styles from "./Thumbnail.module.css";

export interface ThumbnailProps {
  image: Image;
  /** In CSS pixels; lets the browser choose between the thumbnail and the preview. */
  width: number;
}

/** A photo's thumbnail, and its blurred placeholder until that has loaded. */
export function Thumbnail({ image, width }: ThumbnailProps) {
  const [isLoaded, setIsLoaded] = useState(false);
  const blur = useMemo(() => placeholderUrl(image.placeholder), [image.placeholder]);
  return (
    <>
      {blur && <img className={styles.layer} src={blur} alt="" />}
      <img
        className={`${styles.layer ?? ""} ${styles.photo ?? ""}`}
        data-loaded={isLoaded}
        srcSet={sourcesOf(image)}
        sizes={`${Math.ceil(width)}px`}
        src={image.thumb_url ?? undefined}
        alt={titleOf(image)}
        loading="lazy"
        decoding="async"
        draggable={false}
        onLoad={() => {
          setIsLoaded(true);
        }}
      />
    </>
  );
}
