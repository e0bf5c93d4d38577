import type { RefObject } from "react";
import { GALLERY_PATH } from "../address/address";
import { useAccess } from "../access/Access";
import type { Search } from "../api";
import { SearchBox } from "../search/SearchBox";
import { PageLink } from "../shared/PageLink";
import { AddMenu } from "./AddMenu";
import styles from "./Header.module.css";
import { SignOutButton } from "./SignOutButton";
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
  const access = useAccess();
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
      <SignOutButton />
      {access.role === "visitor" ? (
        <button type="button" className="button" onClick={access.ask}>
          Sign in
        </button>
      ) : (
        <AddMenu onAddPhotos={onAddPhotos} onAddFolder={onAddFolder} />
      )}
    </header>
  );
}
