import { useId } from "react";
import { dayTitle } from "./days";
import { isOf, type Row, type Section, type Tile } from "./layout";
import styles from "./PhotoGrid.module.css";
import { PhotoTile, type PhotoTileProps } from "./PhotoTile";

export interface DaySectionProps {
  section: Section;
  /** Those to draw. */
  rows: Row[];
  /** Drawn in any case, if it is of this day, so that it does not lose the focus. */
  activeTile: Tile | undefined;
  /** Photos in the whole gallery; -1 while that is not known. */
  count: number;
  selected: ReadonlySet<string>;
  isSelecting: boolean;
  handlers: PhotoTileProps["handlers"];
}

/** The photos of a day. */
export function DaySection({
  section,
  rows,
  activeTile,
  count,
  selected,
  isSelecting,
  handlers,
}: DaySectionProps) {
  const titleId = useId();
  const tiles = rows.flatMap((row) => row.tiles);
  if (activeTile && isOf(section, activeTile) && !tiles.includes(activeTile)) {
    if (activeTile.index < (tiles[0]?.index ?? 0)) tiles.unshift(activeTile);
    else tiles.push(activeTile);
  }
  return (
    <section className={styles.day} style={{ top: section.top }} aria-labelledby={titleId}>
      <h3 id={titleId} className={styles.date}>
        <time dateTime={section.date}>{dayTitle(section.date)}</time>
      </h3>
      <ul>
        {tiles.map((tile) => (
          <PhotoTile
            key={tile.image.id}
            image={tile.image}
            left={tile.left}
            top={tile.top - section.top}
            width={tile.width}
            height={tile.height}
            position={tile.index + 1}
            count={count}
            isActive={tile.image.id === activeTile?.image.id}
            isSelected={selected.has(tile.image.id)}
            isSelecting={isSelecting}
            handlers={handlers}
          />
        ))}
      </ul>
    </section>
  );
}
