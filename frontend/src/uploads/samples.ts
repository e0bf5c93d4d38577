/** Photos in the public domain that ship with the gallery, to try it with. */

const ADDRESSES = import.meta.glob<string>("../../../layers/resnet50/photos/*.jpg", {
  eager: true,
  query: "?url",
  import: "default",
});

export interface Sample {
  filename: string;
  url: string;
}

export const SAMPLES: readonly Sample[] = Object.entries(ADDRESSES).map(([path, url]) => ({
  filename: path.slice(path.lastIndexOf("/") + 1),
  url,
}));

/** The sample photos as files, to be uploaded like any others. */
export function fetchSamples(): Promise<File[]> {
  return Promise.all(
    SAMPLES.map(async ({ filename, url }) => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${filename} is not there (${response.status}).`);
      return new File([await response.arrayBuffer()], filename, { type: "image/jpeg" });
    }),
  );
}
