import { useEffect, useLayoutEffect, useRef } from "react";
import { keyOf } from "../address/address";
import { currentAddress, rememberedPlace, rememberPlace } from "../address/navigation";
import type { Layout } from "./layout";
import { heightOf, placeAt, shiftOf } from "./places";

const SETTLED_MS = 250;

/**
 * Keeps what someone looks at where it is: when photos come or go above, when the window changes its
 * width, and when the page is loaded again or come back to.
 *
 * @param searchKey names the search whose photos are laid out.
 */
export function useSteadyScroll(layout: Layout | null, element: HTMLElement | null, searchKey: string): void {
  const last = useRef<Layout | null>(null);

  useLayoutEffect(() => {
    if (!layout || !element) return;
    const before = last.current;
    last.current = layout;
    const top = -element.getBoundingClientRect().top;
    if (before) {
      const shift = shiftOf(before, layout, top);
      if (shift !== 0) window.scrollBy(0, shift);
      return;
    }
    const place = rememberedPlace();
    const height = place && heightOf(layout, place);
    if (height != null) window.scrollBy(0, height - top);
    else window.scrollTo(0, 0);
  }, [layout, element]);

  useEffect(() => {
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const remember = () => {
      clearTimeout(timer);
      if (!last.current || keyOf(currentAddress().search) !== searchKey) return;
      rememberPlace(placeAt(last.current, -element.getBoundingClientRect().top));
    };
    const rememberSoon = () => {
      clearTimeout(timer);
      timer = setTimeout(remember, SETTLED_MS);
    };
    window.addEventListener("scroll", rememberSoon, { passive: true });
    window.addEventListener("pagehide", remember);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("scroll", rememberSoon);
      window.removeEventListener("pagehide", remember);
    };
  }, [element, searchKey]);
}
