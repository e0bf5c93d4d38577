import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { ApiError } from "../api";
import { fetchOlder } from "./refresh";
import { type Timeline, withOlder } from "./timeline";
import { TIMELINE_KEY } from "./useTimeline";

export interface Older {
  load: () => void;
  isLoading: boolean;
  /** Why the last attempt came to nothing. */
  error: Error | null;
}

/** Loads the photos that follow `cursor`. */
export function useOlder(cursor: string | null): Older {
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: fetchOlder,
    onSuccess: (page, loaded) => {
      client.setQueryData<Timeline>(TIMELINE_KEY, (timeline) =>
        timeline?.next === loaded ? withOlder(timeline, page) : timeline,
      );
    },
    onError: async (reason) => {
      // The gallery was built anew: its cursors changed, and what is shown is outdated.
      if (reason instanceof ApiError && reason.problem.type === "/problems/bad-cursor") {
        await client.resetQueries({ queryKey: TIMELINE_KEY });
      }
    },
  });
  const load = useCallback(() => {
    if (cursor !== null && !isPending) mutate(cursor);
  }, [cursor, isPending, mutate]);
  return { load, isLoading: isPending, error };
}
