import { useMemo, useState } from "react";
import type { Image } from "../api";
import styles from "./Thumbnail.module.css";
import { titleOf } from "./photoText";
import { placeholderUrl } from "./placeholder";
import { sourcesOf } from "./sources";

export interface ThumbnailProps {
  image: Image;
  /** In CSS pixels; lets the browser choose between the thumbnail and the preview. */
  width: number;
  /** Whether its blurred placeholder is shown until it has loaded. */
  hasBlur: boolean;
}

/** A photo's thumbnail. */
export function Thumbnail({ image, width, hasBlur }: ThumbnailProps) {
  const [isLoaded, setIsLoaded] = useState(false);
  const [isFadedIn, setIsFadedIn] = useState(false);
  const blur = useMemo(
    () => (hasBlur ? placeholderUrl(image.placeholder) : null),
    [hasBlur, image.placeholder],
  );
  return (
    <>
      {blur && !isFadedIn && <img className={styles.layer} src={blur} alt="" />}
      <img
        className={`${styles.layer ?? ""} ${styles.photo ?? ""}`}
        data-loaded={isLoaded}
        srcSet={sourcesOf(image)}
        sizes={`${Math.ceil(width)}px`}
        src={image.thumb_url ?? undefined}
        alt={titleOf(image)}
        decoding="async"
        draggable={false}
        onLoad={() => {
          setIsLoaded(true);
        }}
        onTransitionEnd={() => {
          setIsFadedIn(true);
        }}
      />
    </>
  );
}
