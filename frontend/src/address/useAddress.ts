import { useMemo, useSyncExternalStore } from "react";
import { type Address, readAddress } from "./address";
import { onMove } from "./navigation";

/** What the address bar holds, as it changes. */
export function useAddress(): Address {
  const query = useSyncExternalStore(onMove, () => window.location.search);
  return useMemo(() => readAddress(query), [query]);
}
