import { type RefCallback, useCallback, useState } from "react";

/** The width of an element in whole pixels, kept up to date; null until it is on the page. */
export function useWidth(): [width: number | null, ref: RefCallback<HTMLElement>] {
  const [width, setWidth] = useState<number | null>(null);
  const ref = useCallback((element: HTMLElement) => {
    const measure = () => {
      setWidth(Math.floor(element.getBoundingClientRect().width));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);
  return [width, ref];
}
