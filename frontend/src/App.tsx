import { useDropzone } from "react-dropzone";
import styles from "./App.module.css";
import { Gallery } from "./gallery/Gallery";
import { useDeletion } from "./gallery/useDeletion";
import { useTimeline } from "./gallery/useTimeline";
import { Header } from "./header/Header";
import { replacedModel, waitingIn } from "./header/statusText";
import { useStatus } from "./header/useStatus";
import { Notice } from "./shared/Notice";
import { PACE, type Pace } from "./shared/pace";
import { DropOverlay } from "./uploads/DropOverlay";
import { PHOTO_TYPES } from "./uploads/photoFile";
import { UploadAnnouncer } from "./uploads/UploadAnnouncer";
import { UploadTray } from "./uploads/UploadTray";
import { useIsUploading } from "./uploads/useIsUploading";
import { useLeaveWarning } from "./uploads/useLeaveWarning";
import { useUploadQueue } from "./uploads/useUploadQueue";

export interface AppProps {
  pace?: Pace;
}

/** The page: takes photos in from anywhere on the window, and shows the gallery. */
export function App({ pace = PACE }: AppProps) {
  const queue = useUploadQueue();
  const isUploading = useIsUploading(queue);
  const status = useStatus(pace, isUploading);
  const isWaiting = status.data !== undefined && waitingIn(status.data) > 0;
  const timeline = useTimeline(pace, isUploading || isWaiting, replacedModel(status.data));
  const deletion = useDeletion();
  const dropzone = useDropzone({
    accept: PHOTO_TYPES,
    noClick: true,
    noKeyboard: true,
    noPaste: true,
    onDrop: (accepted, rejected) => {
      queue.add([...accepted, ...rejected.map(({ file }) => file)]);
    },
  });
  useLeaveWarning(isUploading);

  return (
    <div {...dropzone.getRootProps({ className: styles.app })}>
      <div className={styles.top}>
        <Header status={status.data} onAdd={dropzone.open} />
        {timeline.isError && timeline.data && (
          <Notice>
            The gallery does not answer. This is what was here before; it is asked again every few seconds.
          </Notice>
        )}
        {deletion.failure && (
          <Notice onDismiss={deletion.forgetFailure}>
            “{deletion.failure.image.filename}” was not deleted. {deletion.failure.error.message}
          </Notice>
        )}
      </div>
      <main className={styles.main}>
        <input {...dropzone.getInputProps({ "aria-label": "Photos to add" })} />
        <Gallery
          timeline={timeline.data}
          isDown={timeline.errorUpdateCount > 0}
          isUploading={isUploading}
          leaving={deletion.leaving}
          onAdd={dropzone.open}
          onDelete={deletion.remove}
        />
      </main>
      <UploadTray queue={queue} />
      <UploadAnnouncer queue={queue} />
      {dropzone.isDragActive && <DropOverlay />}
    </div>
  );
}
