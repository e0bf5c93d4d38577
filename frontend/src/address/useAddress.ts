import { useMemo, useSyncExternalStore } from "react";
import { type Address, readAddress } from "./address";
import { isAtStatus, onMove } from "./navigation";

/** What the address bar holds, as it changes. */
export function useAddress(): Address {
  const query = useSyncExternalStore(onMove, () => window.location.search);
  return useMemo(() => readAddress(query), [query]);
}

/** Whether the address is that of the gallery's state, as it changes. */
export function useIsAtStatus(): boolean {
  return useSyncExternalStore(onMove, isAtStatus);
}
