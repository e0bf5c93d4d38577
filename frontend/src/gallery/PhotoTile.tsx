import { type KeyboardEvent, memo, type MouseEvent } from "react";
import type { Image } from "../api";
import { Icon } from "../shared/Icon";
import { elementIdOf } from "./focusPhoto";
import { PhotoPicture } from "./PhotoPicture";
import { photoAddress, titleOf } from "./photoText";
import styles from "./PhotoTile.module.css";
import { useLongPress } from "./useLongPress";

export interface PhotoTileProps {
  image: Image;
  /** In CSS pixels, like the three that follow: from the left of the day. */
  left: number;
  /** From the top of the day. */
  top: number;
  /** Of the picture. */
  width: number;
  height: number;
  /** Counted from 1. */
  position: number;
  /** Photos in all; -1 while that is not known. */
  count: number;
  /** Whether Tab leads to it. */
  isActive: boolean;
  isSelected: boolean;
  /** Whether any photo is selected. */
  isSelecting: boolean;
  handlers: {
    onOpen: (id: string) => void;
    onRetry: (image: Image) => void;
    onDelete: (id: string) => void;
    onToggle: (id: string) => void;
    /** Select from the photo that was last chosen to this one. */
    onExtend: (id: string) => void;
    onFocus: (id: string) => void;
    /** Follow an arrow key; false where it leads nowhere. */
    onMove: (key: string) => boolean;
  };
}

/** A photo in the gallery, with its caption. */
export const PhotoTile = memo(function PhotoTile({
  image,
  left,
  top,
  width,
  height,
  position,
  count,
  isActive,
  isSelected,
  isSelecting,
  handlers,
}: PhotoTileProps) {
  const title = titleOf(image);
  const longPress = useLongPress(() => {
    handlers.onToggle(image.id);
  });

  function followClick(event: MouseEvent): void {
    if (longPress.wasLong()) event.preventDefault();
    else if (event.ctrlKey || event.metaKey)
      return; // a new tab, as with any link
    else {
      event.preventDefault();
      const isByKeyboard = event.detail === 0;
      if (event.shiftKey) handlers.onExtend(image.id);
      else if (isSelecting && !isByKeyboard) handlers.onToggle(image.id);
      else handlers.onOpen(image.id);
    }
  }

  function followKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " || event.key.toLowerCase() === "x") {
      if (event.shiftKey) handlers.onExtend(image.id);
      else handlers.onToggle(image.id);
    } else if (event.key === "Delete") handlers.onDelete(image.id);
    else if (!handlers.onMove(event.key)) return;
    event.preventDefault();
  }

  return (
    <li
      id={elementIdOf(image.id)}
      className={styles.tile}
      data-selected={isSelected}
      data-selecting={isSelecting}
      aria-posinset={position}
      aria-setsize={count}
      style={{ left, top, width }}
    >
      <a
        className={styles.link}
        href={photoAddress(image.id)}
        tabIndex={isActive ? 0 : -1}
        aria-label={image.status === "ready" ? undefined : `${title}, ${stateOf(image)}`}
        onClick={followClick}
        onKeyDown={followKey}
        onFocus={() => {
          handlers.onFocus(image.id);
        }}
        {...longPress.listeners}
      >
        <PhotoPicture image={image} width={width} height={height} />
        <span className={styles.caption} data-status={image.status} aria-hidden="true">
          {title}
        </span>
      </a>
      <button
        type="button"
        role="checkbox"
        aria-checked={isSelected}
        aria-label={`Select ${title}`}
        className={styles.select}
        tabIndex={-1}
        onClick={(event) => {
          if (event.shiftKey) handlers.onExtend(image.id);
          else handlers.onToggle(image.id);
        }}
      >
        <Icon name="check" />
      </button>
      {image.status === "failed" && (
        <button
          type="button"
          className={`button button-small ${styles.retry ?? ""}`}
          style={{ top: height - 44 }}
          tabIndex={isActive ? 0 : -1}
          aria-label={`Try again: ${title}`}
          onClick={() => {
            handlers.onRetry(image);
          }}
        >
          Try again
        </button>
      )}
    </li>
  );
});

function stateOf(image: Image): string {
  return image.status === "pending" ? "waits for its caption" : (image.error?.message ?? "failed");
}
