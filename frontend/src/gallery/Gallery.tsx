import { useMemo, useState } from "react";
import type { Image } from "../api";
import { DeleteDialog } from "./DeleteDialog";
import { EmptyGallery } from "./EmptyGallery";
import { focusPhoto } from "./focusPhoto";
import { LoadingGallery } from "./LoadingGallery";
import { PhotoGrid } from "./PhotoGrid";
import { ShowMore } from "./ShowMore";
import { imagesOf, type Timeline } from "./timeline";
import { UnreachableGallery } from "./UnreachableGallery";

export interface GalleryProps {
  /** Undefined until the gallery has answered. */
  timeline: Timeline | undefined;
  /** Whether the gallery failed to answer, so far. */
  isDown: boolean;
  isUploading: boolean;
  /** Ids of photos that are being deleted. */
  leaving: ReadonlySet<string>;
  onAdd: () => void;
  onDelete: (image: Image) => void;
}

/** The photos, or why there are none. */
export function Gallery({ timeline, isDown, isUploading, leaving, onAdd, onDelete }: GalleryProps) {
  const [inQuestion, setInQuestion] = useState<Image | null>(null);
  const images = useMemo(
    () => (timeline ? imagesOf(timeline).filter((image) => !leaving.has(image.id)) : []),
    [timeline, leaving],
  );

  if (!timeline) return isDown ? <UnreachableGallery /> : <LoadingGallery />;

  const isEmpty = images.length === 0 && timeline.next === null && !isUploading;
  return (
    <>
      <h2 className="visually-hidden">Photos</h2>
      {isEmpty ? <EmptyGallery onAdd={onAdd} /> : <PhotoGrid images={images} onDelete={setInQuestion} />}
      {timeline.next !== null && <ShowMore cursor={timeline.next} />}
      {inQuestion && (
        <DeleteDialog
          image={inQuestion}
          onCancel={() => {
            setInQuestion(null);
          }}
          onConfirm={() => {
            focusPhoto(neighbourOf(inQuestion, images));
            setInQuestion(null);
            onDelete(inQuestion);
          }}
        />
      )}
    </>
  );
}

/** The photo after another one, or before it if it is the last. */
function neighbourOf(image: Image, images: Image[]): Image | undefined {
  const index = images.findIndex(({ id }) => id === image.id);
  return images[index + 1] ?? images[index - 1];
}
