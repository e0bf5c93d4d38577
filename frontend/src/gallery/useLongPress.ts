import { type MouseEvent, type PointerEvent, useRef } from "react";

const LONG_MS = 450;

/** A finger that rests may tremble by this many pixels. */
const TREMBLE = 10;

export interface LongPress {
  listeners: {
    onPointerDown: (event: PointerEvent) => void;
    onPointerMove: (event: PointerEvent) => void;
    onPointerUp: () => void;
    onPointerCancel: () => void;
    onContextMenu: (event: MouseEvent) => void;
  };
  /** Whether the click that comes now ends a long press; asked once. */
  wasLong: () => boolean;
}

/** Calls `onLongPress` when a finger rests on an element. */
export function useLongPress(onLongPress: () => void): LongPress {
  const press = useRef({ timer: 0, x: 0, y: 0, isTouch: false, isLong: false });
  const stop = () => {
    window.clearTimeout(press.current.timer);
  };
  return {
    listeners: {
      onPointerDown: (event) => {
        stop();
        const isTouch = event.pointerType === "touch";
        press.current = { timer: 0, x: event.clientX, y: event.clientY, isTouch, isLong: false };
        if (!isTouch) return;
        press.current.timer = window.setTimeout(() => {
          press.current.isLong = true;
          onLongPress();
        }, LONG_MS);
      },
      onPointerMove: (event) => {
        const { x, y } = press.current;
        if (Math.hypot(event.clientX - x, event.clientY - y) > TREMBLE) stop();
      },
      onPointerUp: stop,
      onPointerCancel: stop,
      onContextMenu: (event) => {
        if (press.current.isTouch) event.preventDefault();
      },
    },
    wasLong: () => {
      const { isLong } = press.current;
      press.current.isLong = false;
      return isLong;
    },
  };
}
