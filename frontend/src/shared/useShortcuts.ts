import { useEffect, useEffectEvent } from "react";
import { isTyping } from "./isTyping";

/** Follows keys on the whole page, but for those that a part of it follows itself, or that are typed. */
export function useShortcuts(actions: Record<string, () => void>): void {
  const follow = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || isTyping(event.target)) return;
    const key = event.ctrlKey || event.metaKey ? `Ctrl ${event.key}` : event.key;
    const action = actions[key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      follow(event);
    };
    window.addEventListener("keydown", listen);
    return () => {
      window.removeEventListener("keydown", listen);
    };
  }, []);
}
