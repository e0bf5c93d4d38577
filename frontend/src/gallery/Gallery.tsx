import type { Image, Search } from "../api";
import { isEverything } from "../address/address";
import { NothingFound } from "../search/NothingFound";
import { EmptyGallery, type EmptyGalleryProps } from "./EmptyGallery";
import styles from "./Gallery.module.css";
import { LoadingGallery } from "./LoadingGallery";
import { PhotoGrid, type PhotoGridProps } from "./PhotoGrid";
import { ShowMore } from "./ShowMore";
import { UnreachableGallery } from "./UnreachableGallery";
import type { TimelineResult } from "./useTimeline";

export interface GalleryProps extends Omit<PhotoGridProps, "isComplete" | "searchKey">, EmptyGalleryProps {
  timeline: TimelineResult;
  search: Search;
  /** Those of the timeline that are not being deleted. */
  images: Image[];
  isUploading: boolean;
  onShowAll: () => void;
}

/** The photos, or why there are none. */
export function Gallery({
  timeline,
  search,
  images,
  isUploading,
  onShowAll,
  onAddPhotos,
  onAddFolder,
  onAddFiles,
  ...grid
}: GalleryProps) {
  const { data } = timeline;
  if (!data) return timeline.errorUpdateCount > 0 ? <UnreachableGallery /> : <LoadingGallery />;

  const isEmpty = images.length === 0 && data.next === null && !timeline.isPlaceholderData;
  if (isEmpty && !isEverything(search)) return <NothingFound search={search} onShowAll={onShowAll} />;
  if (isEmpty && !isUploading) {
    return <EmptyGallery onAddPhotos={onAddPhotos} onAddFolder={onAddFolder} onAddFiles={onAddFiles} />;
  }
  return (
    <section className={styles.gallery} aria-labelledby="photos" aria-busy={timeline.isPlaceholderData}>
      <h2 id="photos" className="visually-hidden">
        Photos
      </h2>
      <PhotoGrid
        key={timeline.shown}
        images={images}
        isComplete={data.next === null}
        searchKey={timeline.shown}
        {...grid}
      />
      {data.next !== null && !timeline.isPlaceholderData && <ShowMore search={search} cursor={data.next} />}
    </section>
  );
}
