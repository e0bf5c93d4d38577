import type { RefObject } from "react";
import { GALLERY_PATH } from "../address/address";
import type { Search } from "../api";
import { SearchBox } from "../search/SearchBox";
import { PageLink } from "../shared/PageLink";
import { AddMenu } from "./AddMenu";
import styles from "./Header.module.css";
import { ThemeButton } from "./ThemeButton";

export interface HeaderProps {
  search: Search;
  onSearch: (search: Search, isTyped: boolean) => void;
  searchRef: RefObject<HTMLInputElement | null>;
  onAddPhotos: () => void;
  onAddFolder: () => void;
  onHome: () => void;
}

/** The name, the search, and the way to add photos. */
export function Header({ search, onSearch, searchRef, onAddPhotos, onAddFolder, onHome }: HeaderProps) {
  return (
    <header className={styles.header}>
      <h1 className={styles.name}>
        <PageLink className={styles.home} href={GALLERY_PATH} onGo={onHome}>
          <img className={styles.mark} src="/favicon.svg" alt="" width={28} height={28} />
          <span className={styles.word}>Captionary</span>
        </PageLink>
      </h1>
      <div className={styles.search}>
        <SearchBox search={search} onSearch={onSearch} inputRef={searchRef} />
      </div>
      <ThemeButton />
      <AddMenu onAddPhotos={onAddPhotos} onAddFolder={onAddFolder} />
    </header>
  );
}
