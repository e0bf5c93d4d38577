import { useMutation, useMutationState, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { deleteImage, type Image } from "../api";
import { STATUS_KEY } from "../header/useStatus";
import { type Timeline, without } from "./timeline";
import { TIMELINE_KEY } from "./useTimeline";

const DELETION_KEY = ["deletion"];

export interface Deletion {
  remove: (image: Image) => void;
  /** Ids of photos that are on their way out; they are not shown any more. */
  leaving: ReadonlySet<string>;
  /** The photo that could last not be deleted, and why. */
  failure: { image: Image; error: Error } | null;
  forgetFailure: () => void;
}

/** Deletes photos. They leave the page at once, and come back if the gallery could not delete them. */
export function useDeletion(): Deletion {
  const client = useQueryClient();
  const [failure, setFailure] = useState<Deletion["failure"]>(null);
  const { mutate } = useMutation({
    mutationKey: DELETION_KEY,
    mutationFn: (image: Image) => deleteImage(image.id),
    onSuccess: (_, image) => {
      client.setQueryData<Timeline>(TIMELINE_KEY, (timeline) => timeline && without(timeline, image.id));
      void client.invalidateQueries({ queryKey: STATUS_KEY });
    },
    onError: (error, image) => {
      setFailure({ image, error });
    },
  });
  const pending = useMutationState({
    filters: { mutationKey: DELETION_KEY, status: "pending" },
    select: ({ state }) => (state.variables as Image).id,
  });
  const leaving = useMemo(() => new Set(pending), [pending]);
  return {
    remove: mutate,
    leaving,
    failure,
    forgetFailure: () => {
      setFailure(null);
    },
  };
}
