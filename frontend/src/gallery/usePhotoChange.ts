import { useMutation, type UseMutationResult, useQueryClient } from "@tanstack/react-query";
import type { Image } from "../api";
import { withChanged } from "./timeline";
import { cancelRefreshes, changeTimelines } from "./useTimeline";

/** The key under which a single photo is kept. */
export function photoKey(id: string): readonly unknown[] {
  return ["photo", id];
}

/** Changes a photo by `ask`, and shows it as the gallery answers. */
export function usePhotoChange<Wish>(
  ask: (wish: Wish) => Promise<Image>,
): UseMutationResult<Image, Error, Wish> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ask,
    onSuccess: async (image) => {
      await cancelRefreshes(client);
      changeTimelines(client, (timeline) => withChanged(timeline, image));
      client.setQueryData(photoKey(image.id), image);
    },
  });
}
