import { useCallback, useLayoutEffect, useRef, useState } from "react";
import { focusPhoto } from "./focusPhoto";
import type { Layout } from "./layout";
import { moveFrom } from "./moves";

export interface ActivePhoto {
  /** Id of the photo that Tab leads to; it is always drawn. */
  active: string | null;
  setActive: (id: string) => void;
  /** Follow a key from the active photo; false where it leads nowhere. */
  move: (key: string) => boolean;
}

/**
 * The one photo of the gallery that is in the order of Tab; arrow keys lead from it to others.
 *
 * @param open the photo that is seen in full; once it is closed, it has the focus in the gallery.
 */
export function useActivePhoto(layout: Layout | null, open: string | null): ActivePhoto {
  const [chosen, setActive] = useState(open);
  const [lastOpen, setLastOpen] = useState(open);
  const isMoving = useRef(false);
  const wasOpen = useRef(open !== null);
  if (open !== lastOpen) {
    setLastOpen(open);
    if (open !== null) setActive(open);
  }
  const first = layout?.rows[0]?.tiles[0]?.image.id ?? null;
  const active = chosen !== null && layout?.tiles.has(chosen) ? chosen : first;

  useLayoutEffect(() => {
    const isClosed = wasOpen.current && open === null;
    wasOpen.current = open !== null;
    if (active === null || !(isMoving.current || isClosed)) return;
    isMoving.current = false;
    focusPhoto(active);
  }, [active, open]);

  const move = useCallback(
    (key: string) => {
      const next = layout && active !== null ? moveFrom(layout, active, key) : undefined;
      if (next === undefined || next === active) return false;
      isMoving.current = true;
      setActive(next);
      return true;
    },
    [layout, active],
  );
  return { active, setActive, move };
}
