import type { Search } from "../api";
import styles from "./ShowMore.module.css";
import { useNearView } from "./useNearView";
import { useOlder } from "./useOlder";

export interface ShowMoreProps {
  search: Search;
  /** Of the photos that follow. */
  cursor: string;
}

/** Loads older photos, by itself when the end of the page comes near. */
export function ShowMore({ search, cursor }: ShowMoreProps) {
  const { load, isLoading, error } = useOlder(search, cursor);
  const ref = useNearView(load, error === null);
  return (
    <div className={styles.more} ref={ref}>
      {error && !isLoading && <p role="alert">Older photos did not come. {error.message}</p>}
      <button type="button" className="button" onClick={load}>
        {isLoading ? "Loading…" : error ? "Try again" : "Show more"}
      </button>
    </div>
  );
}
