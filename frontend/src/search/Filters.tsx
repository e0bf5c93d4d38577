import type { PhotoStatus, Search, Status } from "../api";
import { EVERYTHING, isEverything } from "../address/address";
import { Icon } from "../shared/Icon";
import styles from "./Filters.module.css";

const STATUS_NAMES: [PhotoStatus, string][] = [
  ["ready", "Captioned"],
  ["pending", "Waiting"],
  ["failed", "Failed"],
];

export interface FiltersProps {
  search: Search;
  /** Undefined until the gallery has answered. */
  counts: Status["counts"] | undefined;
  /** What the search found, in words; empty where there is nothing to say. */
  found: string;
  onSearch: (search: Search) => void;
}

/** Narrows the gallery down, and shows by what it is narrowed down. */
export function Filters({ search, counts, found, onSearch }: FiltersProps) {
  return (
    <div className={styles.filters}>
      <select
        className={styles.status}
        aria-label="Show photos that are"
        value={search.status ?? ""}
        data-set={search.status !== null}
        onChange={(event) => {
          onSearch({ ...search, status: (event.target.value || null) as PhotoStatus | null });
        }}
      >
        <option value="">All photos</option>
        {STATUS_NAMES.map(([status, name]) => (
          <option key={status} value={status}>
            {name}
            {counts ? ` (${counts[status].toLocaleString("en")})` : ""}
          </option>
        ))}
      </select>
      {search.label !== null && (
        <button
          type="button"
          className={styles.label}
          aria-label={`Remove the filter ${search.label}`}
          onClick={() => {
            onSearch({ ...search, label: null });
          }}
        >
          <span className={styles.name}>{search.label}</span>
          <Icon name="close" size={12} />
        </button>
      )}
      <p className={styles.found} role="status">
        {found}
      </p>
      {!isEverything(search) && (
        <button
          type="button"
          className={styles.all}
          onClick={() => {
            onSearch(EVERYTHING);
          }}
        >
          Show all
        </button>
      )}
    </div>
  );
}
