import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { EVERYTHING } from "../address/address";
import type { Image } from "../api";
import { EMPTY_TIMELINE, type Timeline, withArrival } from "../gallery/timeline";
import { timelineKey } from "../gallery/useTimeline";
import { checkFiles } from "./checkFiles";
import { drawLocalPicture, keepLocalPicture } from "./localPictures";
import { sendPhoto } from "./sendPhoto";
import { createUploadQueue, type UploadQueue } from "./uploadQueue";

/** The queue of uploads of this page. Photos that arrived show in the gallery at once. */
export function useUploadQueue(): UploadQueue {
  const client = useQueryClient();
  const [queue] = useState(() => {
    const show = async (image: Image, file: File) => {
      const picture = await drawLocalPicture(file);
      if (picture) keepLocalPicture(image.id, picture);
      client.setQueryData<Timeline>(timelineKey(EVERYTHING), (timeline) =>
        withArrival(timeline ?? EMPTY_TIMELINE, image),
      );
    };
    return createUploadQueue({ check: checkFiles, send: sendPhoto, onSent: show });
  });
  return queue;
}
