import { useEffect, useState } from "react";

/** The part of an element to be drawn, in pixels from its top. */
export interface View {
  top: number;
  bottom: number;
}

/**
 * What of an element is in the window, and as much again above and below, as one scrolls.
 * It changes only when half of that margin is used up, so that scrolling stays smooth.
 */
export function useView(element: HTMLElement | null): View {
  const [view, setView] = useState<View>(() => around(0));
  useEffect(() => {
    if (!element) return;
    const look = () => {
      const top = -element.getBoundingClientRect().top;
      const margin = window.innerHeight / 2;
      setView((now) => {
        const isEnough = now.top <= top - margin && now.bottom >= top + window.innerHeight + margin;
        return isEnough ? now : around(top);
      });
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [element]);
  return view;
}

function around(top: number): View {
  return { top: top - window.innerHeight, bottom: top + 2 * window.innerHeight };
}
