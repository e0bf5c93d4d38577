import { useMemo } from "react";
import type { Image } from "../api";
import { PhotoCard } from "./PhotoCard";
import styles from "./PhotoGrid.module.css";
import { layOut } from "./rows";
import { useWidth } from "./useWidth";

export interface PhotoGridProps {
  images: Image[];
  onDelete: (image: Image) => void;
}

/** Photos in rows. It is one flat list, so that photos stay what they are when they move to another row. */
export function PhotoGrid({ images, onDelete }: PhotoGridProps) {
  const [width, ref] = useWidth();
  const tiles = useMemo(() => (width === null ? [] : layOut(images, width)), [images, width]);
  return (
    <ul className={styles.grid} ref={ref}>
      {tiles.map((tile) => (
        <PhotoCard key={tile.image.id} {...tile} onDelete={onDelete} />
      ))}
    </ul>
  );
}
