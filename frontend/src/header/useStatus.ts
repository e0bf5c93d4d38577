import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useAccess } from "../access/Access";
import { getStatus, type Status } from "../api";
import type { Pace } from "../shared/pace";
import { waitingIn } from "./statusText";

export const STATUS_KEY = ["status"];

/** How the gallery is doing, kept up to date while the tab is looked at. */
export function useStatus(pace: Pace, isUploading: boolean): UseQueryResult<Status> {
  const { isKnown } = useAccess();
  return useQuery({
    enabled: isKnown,
    queryKey: STATUS_KEY,
    queryFn: ({ signal }) => getStatus(signal),
    refetchInterval: ({ state }) =>
      isUploading || (state.data && waitingIn(state.data) > 0) ? pace.busyMs : pace.idleMs,
  });
}
