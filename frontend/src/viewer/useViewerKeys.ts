import { useEffect, useEffectEvent } from "react";
import { isTyping } from "../shared/isTyping";

/** Follows keys wherever the focus is, but for fields that one types in. */
export function useViewerKeys(actions: Record<string, () => void>): void {
  const follow = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation(); // the carousel knows some of these keys, too
    action();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      follow(event);
    };
    window.addEventListener("keydown", listen, { capture: true });
    return () => {
      window.removeEventListener("keydown", listen, { capture: true });
    };
  }, []);
}
