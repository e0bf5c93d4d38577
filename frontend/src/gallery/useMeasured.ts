import { type RefCallback, useCallback, useState } from "react";

export interface Measured {
  /** Null until it is on the page. */
  element: HTMLElement | null;
  /** In whole pixels; null until it is on the page. */
  width: number | null;
  ref: RefCallback<HTMLElement>;
}

/** An element and its width, kept up to date. */
export function useMeasured(): Measured {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [width, setWidth] = useState<number | null>(null);
  const ref = useCallback((found: HTMLElement) => {
    const measure = () => {
      setWidth(Math.floor(found.getBoundingClientRect().width));
    };
    setElement(found);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(found);
    return () => {
      observer.disconnect();
    };
  }, []);
  return { element, width, ref };
}
