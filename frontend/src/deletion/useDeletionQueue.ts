import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { deleteImages } from "../api";
import { without } from "../gallery/timeline";
import { changeTimelines } from "../gallery/useTimeline";
import { STATUS_KEY } from "../header/useStatus";
import { createDeletionQueue, type DeletionQueue } from "./deletionQueue";

/** The queue of deletions of this page. What waits in it when the page is left is deleted then. */
export function useDeletionQueue(): DeletionQueue {
  const client = useQueryClient();
  const [queue] = useState(() =>
    createDeletionQueue({
      send: deleteImages,
      onDeleted: (ids) => {
        changeTimelines(client, (timeline) => without(timeline, ids));
        void client.invalidateQueries({ queryKey: STATUS_KEY });
      },
    }),
  );
  useEffect(() => {
    window.addEventListener("pagehide", queue.leave);
    return () => {
      window.removeEventListener("pagehide", queue.leave);
      queue.leave();
    };
  }, [queue]);
  return queue;
}
