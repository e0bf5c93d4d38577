import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type RefObject, useEffect, useId, useState } from "react";
import { listLabels, type Search } from "../api";
import { Icon } from "../shared/Icon";
import { counted } from "../shared/counted";
import styles from "./SearchBox.module.css";

const TYPED_MS = 250;
const SUGGESTIONS = 8;

export interface SearchBoxProps {
  search: Search;
  /** @param isTyped whether it comes from typing, and the next letter may follow at once. */
  onSearch: (search: Search, isTyped: boolean) => void;
  inputRef: RefObject<HTMLInputElement | null>;
}

/** Looks for words as they are typed, and suggests labels of the gallery. */
export function SearchBox({ search, onSearch, inputRef }: SearchBoxProps) {
  const [text, setText] = useState(search.q);
  const [given, setGiven] = useState(search.q);
  const [isOpen, setIsOpen] = useState(false);
  const [marked, setMarked] = useState(-1);
  const listId = useId();
  if (given !== search.q) {
    setGiven(search.q);
    if (text.trim() !== search.q) setText(search.q);
  }

  useEffect(() => {
    if (text.trim() === search.q) return;
    const timer = setTimeout(() => {
      onSearch({ ...search, q: text.trim() }, true);
    }, TYPED_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [text, search, onSearch]);

  const word = text.trim();
  const labels = useQuery({
    queryKey: ["labels", word],
    queryFn: ({ signal }) => listLabels(word, SUGGESTIONS, signal),
    enabled: isOpen,
    staleTime: 10_000,
    placeholderData: keepPreviousData,
  });
  const options = (isOpen && labels.data) || [];
  const isShown = options.length > 0;

  function choose(label: string): void {
    setText("");
    setIsOpen(false);
    setMarked(-1);
    onSearch({ ...search, q: "", label }, false);
  }

  function followKey(event: KeyboardEvent): void {
    const chosen = options[marked];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setIsOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place more than there are options: the text itself.
      setMarked(((marked + 1 + step + options.length + 1) % (options.length + 1)) - 1);
    } else if (event.key === "Enter") {
      if (chosen) choose(chosen.name);
      else {
        setIsOpen(false);
        onSearch({ ...search, q: word }, true);
      }
    } else if (event.key === "Escape") {
      if (isShown) setIsOpen(false);
      else if (text === "") inputRef.current?.blur();
      else setText("");
      setMarked(-1);
      event.stopPropagation();
    }
  }

  return (
    <div className={styles.search} role="search">
      <span className={styles.icon}>
        <Icon name="search" />
      </span>
      <input
        ref={inputRef}
        className={styles.input}
        type="text"
        role="combobox"
        inputMode="search"
        enterKeyHint="search"
        aria-label="Search photos"
        placeholder="Search photos"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        maxLength={200}
        aria-expanded={isShown}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={options[marked] ? `${listId}-${marked}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setIsOpen(true);
          setMarked(-1);
        }}
        onFocus={() => {
          setIsOpen(true);
        }}
        onBlur={() => {
          setIsOpen(false);
          setMarked(-1);
        }}
        onKeyDown={followKey}
      />
      {text === "" ? (
        <kbd className={styles.key} aria-hidden="true">
          /
        </kbd>
      ) : (
        <button
          type="button"
          className={`button-icon ${styles.clear ?? ""}`}
          aria-label="Clear search"
          onClick={() => {
            setText("");
            inputRef.current?.focus();
          }}
        >
          <Icon name="close" size={14} />
        </button>
      )}
      <div id={listId} className={styles.list} role="listbox" aria-label="Labels" hidden={!isShown}>
        {options.map((option, index) => (
          // The input has the keyboard's focus, and follows its keys for the options.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={option.name}
            tabIndex={-1}
            id={`${listId}-${index}`}
            className={styles.option}
            role="option"
            aria-selected={index === marked}
            onPointerDown={(event) => {
              event.preventDefault(); // the input keeps the focus until the click
            }}
            onClick={() => {
              choose(option.name);
            }}
          >
            <span className={styles.name}>{option.name}</span>
            <span className={styles.count}>{counted(option.count, "photo")}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
