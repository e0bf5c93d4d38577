import { useMemo, useState } from "react";
import type { Image } from "../api";
import type { Selection } from "../selection/useSelection";
import { localPicture } from "../uploads/localPictures";
import { DaySection } from "./DaySection";
import { createLayouter, isOf, rowsBetween, type Section } from "./layout";
import type { PhotoTileProps } from "./PhotoTile";
import styles from "./PhotoGrid.module.css";
import { useActivePhoto } from "./useActivePhoto";
import { useMeasured } from "./useMeasured";
import { useSteadyScroll } from "./useSteadyScroll";
import { useView } from "./useView";

export interface PhotoGridProps {
  images: Image[];
  /** Whether these are all that there are. */
  isComplete: boolean;
  /** Names the search whose photos these are. */
  searchKey: string;
  selection: Selection;
  /** Id of the photo that is seen in full. */
  open: string | null;
  onOpen: (id: string) => void;
  onRetry: (image: Image) => void;
  onDelete: (ids: string[]) => void;
}

/** Photos in rows, under headings for days. Only those in and around the window are drawn. */
export function PhotoGrid({
  images,
  isComplete,
  searchKey,
  selection,
  open,
  onOpen,
  onRetry,
  onDelete,
}: PhotoGridProps) {
  const { element, width, ref } = useMeasured();
  const [layOut] = useState(() => createLayouter(localPicture));
  const layout = useMemo(() => (width === null ? null : layOut(images, width)), [layOut, images, width]);
  const view = useView(element);
  useSteadyScroll(layout, element, searchKey);
  const { active, setActive, move } = useActivePhoto(layout, open);

  const activeTile = active === null ? undefined : layout?.tiles.get(active);
  const isDrawn = (section: Section) =>
    (section.top < view.bottom && section.bottom > view.top) || (activeTile && isOf(section, activeTile));
  const { ids, toggle, extendTo } = selection;
  const isSelecting = ids.size > 0;
  const handlers = useMemo(
    (): PhotoTileProps["handlers"] => ({
      onOpen,
      onRetry,
      onDelete: (id) => {
        onDelete(ids.size > 0 ? [...ids] : [id]);
      },
      onToggle: toggle,
      onExtend: extendTo,
      onFocus: setActive,
      onMove: move,
    }),
    [onOpen, onRetry, onDelete, ids, toggle, extendTo, setActive, move],
  );

  return (
    <div className={styles.grid} ref={ref} style={{ height: layout?.height }}>
      {layout?.sections.filter(isDrawn).map((section) => (
        <DaySection
          key={section.date}
          section={section}
          rows={rowsBetween(section.rows, view.top, view.bottom)}
          activeTile={activeTile}
          count={isComplete ? images.length : -1}
          selected={ids}
          isSelecting={isSelecting}
          handlers={handlers}
        />
      ))}
    </div>
  );
}
