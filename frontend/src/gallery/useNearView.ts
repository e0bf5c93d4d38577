import { type RefObject, useEffect, useRef } from "react";

/** How far below the window an element counts as near. */
const NEAR = "0px 0px 2500px 0px";

/** Call `onNear` when the element is in view or near it; again when `onNear` changes and it still is. */
export function useNearView(onNear: () => void, isEnabled: boolean): RefObject<HTMLDivElement | null> {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!ref.current || !isEnabled) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) onNear();
      },
      { rootMargin: NEAR },
    );
    observer.observe(ref.current);
    return () => {
      observer.disconnect();
    };
  }, [onNear, isEnabled]);
  return ref;
}
