import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import type { Pace } from "../shared/pace";
import { fetchRefresh } from "./refresh";
import { EMPTY_TIMELINE, hasPending, refreshed, type Timeline } from "./timeline";

export const TIMELINE_KEY = ["timeline"];

/**
 * The loaded part of the gallery, kept up to date while the tab is looked at.
 *
 * @param replaced the name of the model whose words are made anew; null where none are.
 */
export function useTimeline(pace: Pace, isBusy: boolean, replaced: string | null): UseQueryResult<Timeline> {
  const client = useQueryClient();
  return useQuery({
    queryKey: TIMELINE_KEY,
    queryFn: async ({ signal }) => {
      const known = () => client.getQueryData<Timeline>(TIMELINE_KEY) ?? EMPTY_TIMELINE;
      const before = known();
      const refresh = await fetchRefresh(before, signal, replaced);
      return refreshed(before, known(), refresh);
    },
    refetchInterval: ({ state }) =>
      isBusy || (state.data && hasPending(state.data)) ? pace.busyMs : pace.idleMs,
  });
}
