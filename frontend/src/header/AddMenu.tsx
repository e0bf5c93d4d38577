import { type FocusEvent, useRef, useState } from "react";
import { Icon } from "../shared/Icon";
import styles from "./AddMenu.module.css";

export interface AddMenuProps {
  onAddPhotos: () => void;
  onAddFolder: () => void;
}

/** Adds photos at a click, and whole folders at another. */
export function AddMenu({ onAddPhotos, onAddFolder }: AddMenuProps) {
  const [isOpen, setIsOpen] = useState(false);
  const more = useRef<HTMLButtonElement>(null);
  const leave = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setIsOpen(false);
  };
  return (
    // It only closes when the focus leaves it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div className={styles.menu} role="group" aria-label="Add" onBlur={leave}>
      <button type="button" className={`button button-main ${styles.add ?? ""}`} onClick={onAddPhotos}>
        <Icon name="plus" />
        <span className={styles.word}>Add photos</span>
      </button>
      <button
        ref={more}
        type="button"
        className={`button button-main ${styles.more ?? ""}`}
        aria-label="More ways to add photos"
        aria-expanded={isOpen}
        onClick={() => {
          setIsOpen(!isOpen);
        }}
      >
        <Icon name="chevronDown" />
      </button>
      {isOpen && (
        <div className={styles.list}>
          <button
            type="button"
            className={styles.item}
            onClick={() => {
              setIsOpen(false);
              more.current?.focus();
              onAddFolder();
            }}
          >
            <Icon name="folder" />
            Add a folder
          </button>
          <p className={styles.hint}>Or drop photos and folders anywhere, or paste a picture.</p>
        </div>
      )}
    </div>
  );
}
