import { useCallback, useMemo, useState } from "react";
import type { Image } from "../api";

export interface Selection {
  ids: ReadonlySet<string>;
  toggle: (id: string) => void;
  /** Select all photos from the one that was last chosen to this one. */
  extendTo: (id: string) => void;
  clear: () => void;
}

interface Chosen {
  ids: ReadonlySet<string>;
  last: string | null;
}

const NONE: Chosen = { ids: new Set(), last: null };

/** The photos that are selected; those that are no longer shown are not. */
export function useSelection(images: Image[]): Selection {
  const [chosen, setChosen] = useState(NONE);

  const toggle = useCallback((id: string) => {
    setChosen(({ ids }) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      return { ids: next, last: id };
    });
  }, []);

  const extendTo = useCallback(
    (id: string) => {
      setChosen(({ ids, last }) => {
        const places = [last ?? id, id].map((end) => images.findIndex((image) => image.id === end));
        const [from, to] = places.sort((a, b) => a - b);
        const between = images.slice(Math.max(from ?? 0, 0), (to ?? 0) + 1).map((image) => image.id);
        return { ids: new Set([...ids, ...between]), last: id };
      });
    },
    [images],
  );

  const clear = useCallback(() => {
    setChosen(NONE);
  }, []);

  const ids = useMemo(() => {
    if (chosen.ids.size === 0) return chosen.ids;
    return new Set(images.map((image) => image.id).filter((id) => chosen.ids.has(id)));
  }, [chosen, images]);
  return useMemo(() => ({ ids, toggle, extendTo, clear }), [ids, toggle, extendTo, clear]);
}
