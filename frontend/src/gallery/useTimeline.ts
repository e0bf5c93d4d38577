import { keepPreviousData, type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAccess } from "../access/Access";
import { keyOf } from "../address/address";
import { rememberedPlace } from "../address/navigation";
import type { Search } from "../api";
import type { Pace } from "../shared/pace";
import { fetchDownTo, fetchRefresh } from "./refresh";
import { EMPTY_TIMELINE, hasPending, matching, refreshed, type Timeline } from "./timeline";

const TIMELINES = ["timeline"];

export function timelineKey(search: Search): readonly unknown[] {
  return [...TIMELINES, search];
}

/** Change what is known of the gallery in all searches that are kept. */
export function changeTimelines(client: QueryClient, change: (timeline: Timeline) => Timeline): void {
  client.setQueriesData<Timeline>({ queryKey: TIMELINES }, (timeline) => timeline && change(timeline));
}

/** Forget answers that are on their way, since they may be older than a change that was just made. */
export function cancelRefreshes(client: QueryClient): Promise<void> {
  return client.cancelQueries({ queryKey: TIMELINES });
}

export interface TimelineResult {
  /** Undefined until the gallery has answered. */
  data: Timeline | undefined;
  isError: boolean;
  /** How often the gallery failed to answer. */
  errorUpdateCount: number;
  /** Whether `data` is still that of the search before. */
  isPlaceholderData: boolean;
  /** Names the search that `data` belongs to. */
  shown: string;
}

/**
 * The loaded part of what a search finds, kept up to date while the tab is looked at.
 *
 * @param isShown whether it is looked at; otherwise it stays as it is.
 * @param replaced the name of the model whose words are made anew; null where none are.
 */
export function useTimeline(
  search: Search,
  pace: Pace,
  isShown: boolean,
  isBusy: boolean,
  replaced: string | null,
): TimelineResult {
  const client = useQueryClient();
  const { isKnown } = useAccess();
  const queryKey = timelineKey(search);
  const { data, isError, errorUpdateCount, isPlaceholderData } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const known = () => client.getQueryData<Timeline>(queryKey);
      const before = known() ?? EMPTY_TIMELINE;
      const place = before.listed.length === 0 ? rememberedPlace() : undefined;
      const refresh = place
        ? { head: await fetchDownTo(search, place.index, signal), asked: [], answered: [] }
        : await fetchRefresh(before, search, signal, replaced);
      return matching(refreshed(before, known() ?? EMPTY_TIMELINE, refresh), search);
    },
    enabled: isKnown && isShown,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      isBusy || (state.data && hasPending(state.data)) ? pace.busyMs : pace.idleMs,
  });
  const key = keyOf(search);
  const [shown, setShown] = useState(key);
  if (!isPlaceholderData && shown !== key) setShown(key);
  return { data, isError, errorUpdateCount, isPlaceholderData, shown };
}
