import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { ApiError, type Search } from "../api";
import { fetchOlder } from "./refresh";
import { type Timeline, withOlder } from "./timeline";
import { timelineKey } from "./useTimeline";

export interface Older {
  load: () => void;
  isLoading: boolean;
  /** Why the last attempt came to nothing. */
  error: Error | null;
}

/** Loads the photos of a search that follow `cursor`; null where none do. */
export function useOlder(search: Search, cursor: string | null): Older {
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (wanted: { search: Search; cursor: string }) => fetchOlder(wanted.search, wanted.cursor),
    onSuccess: (page, wanted) => {
      client.setQueryData<Timeline>(timelineKey(wanted.search), (timeline) =>
        timeline?.next === wanted.cursor ? withOlder(timeline, page) : timeline,
      );
    },
    onError: async (reason, wanted) => {
      // The gallery was built anew: its cursors changed, and what is shown is outdated.
      if (reason instanceof ApiError && reason.problem.type === "/problems/bad-cursor") {
        await client.resetQueries({ queryKey: timelineKey(wanted.search) });
      }
    },
  });
  const load = useCallback(() => {
    if (cursor !== null && !isPending) mutate({ search, cursor });
  }, [search, cursor, isPending, mutate]);
  return { load, isLoading: isPending, error };
}
