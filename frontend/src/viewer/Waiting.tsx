import { type Image, retryImage } from "../api";
import { usePhotoChange } from "../gallery/usePhotoChange";
import { Icon } from "../shared/Icon";
import { localPicture } from "../uploads/localPictures";
import styles from "./Stage.module.css";

export interface WaitingProps {
  image: Image;
}

/** In place of a picture that is still to come, or that failed. */
export function Waiting({ image }: WaitingProps) {
  const retry = usePhotoChange(retryImage);
  const local = localPicture(image.id);
  if (image.status === "pending") {
    return (
      <div className={styles.waiting}>
        {local && <img className={styles.local} src={local.url} alt={image.filename} />}
        <p>Captioning…</p>
      </div>
    );
  }
  return (
    <div className={styles.waiting}>
      <Icon name="broken" size={56} />
      <p>{image.error?.message}</p>
      <button
        type="button"
        className="button"
        disabled={retry.isPending}
        onClick={() => {
          retry.mutate(image.id);
        }}
      >
        Try again
      </button>
      {retry.error && <p role="alert">{retry.error.message}</p>}
    </div>
  );
}
