import { useMutation } from "@tanstack/react-query";
import { Icon } from "../shared/Icon";
import { fetchSamples, SAMPLES } from "../uploads/samples";
import styles from "./EmptyGallery.module.css";
import message from "./Message.module.css";

export interface EmptyGalleryProps {
  onAddPhotos: () => void;
  onAddFolder: () => void;
  onAddFiles: (files: File[]) => void;
}

/** What to do with a gallery that holds nothing yet. */
export function EmptyGallery({ onAddPhotos, onAddFolder, onAddFiles }: EmptyGalleryProps) {
  const samples = useMutation({ mutationFn: fetchSamples, onSuccess: onAddFiles });
  return (
    <section className={message.message}>
      <img src="/favicon.svg" alt="" width={72} height={72} />
      <p className={message.title}>No photos yet. Each one you add gets its caption within a second or so.</p>
      <div className={styles.buttons}>
        <button type="button" className="button button-main" onClick={onAddPhotos}>
          <Icon name="plus" />
          Choose photos
        </button>
        <button type="button" className="button" onClick={onAddFolder}>
          <Icon name="folder" />
          Choose a folder
        </button>
      </div>
      <p>Or drop them anywhere on this page, or put them into the images bucket with any S3 client.</p>
      <div className={styles.samples}>
        <div className={styles.strip}>
          {SAMPLES.map(({ filename, url }) => (
            <img key={filename} src={url} alt="" width={96} height={72} />
          ))}
        </div>
        <button
          type="button"
          className="button"
          disabled={samples.isPending}
          onClick={() => {
            samples.mutate();
          }}
        >
          Try it with these {SAMPLES.length}
        </button>
        <p className={styles.credit}>Sample photos in the public domain, from NASA, SpaceX and others.</p>
        {samples.isError && (
          <p role="alert" className={styles.failure}>
            The sample photos did not come. Check the connection and try again.
          </p>
        )}
      </div>
    </section>
  );
}
