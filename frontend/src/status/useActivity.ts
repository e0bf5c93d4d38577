import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { type Activity, getActivity } from "../api";
import type { Pace } from "../shared/pace";

/** What was done in the last minutes, kept up to date while the tab is looked at. */
export function useActivity(minutes: number, pace: Pace, isBusy: boolean): UseQueryResult<Activity> {
  return useQuery({
    queryKey: ["activity", minutes],
    queryFn: ({ signal }) => getActivity(minutes, signal),
    placeholderData: keepPreviousData,
    refetchInterval: isBusy ? pace.busyMs : pace.idleMs,
  });
}
