import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { EMPTY_TIMELINE, type Timeline, withArrival } from "../gallery/timeline";
import { TIMELINE_KEY } from "../gallery/useTimeline";
import { sendPhoto } from "./sendPhoto";
import { createUploadQueue, type UploadQueue } from "./uploadQueue";

/** The queue of uploads of this page. Photos that arrived show in the gallery at once. */
export function useUploadQueue(): UploadQueue {
  const client = useQueryClient();
  const [queue] = useState(() =>
    createUploadQueue({
      send: sendPhoto,
      onSent: (image) => {
        client.setQueryData<Timeline>(TIMELINE_KEY, (timeline) =>
          withArrival(timeline ?? EMPTY_TIMELINE, image),
        );
      },
    }),
  );
  return queue;
}
