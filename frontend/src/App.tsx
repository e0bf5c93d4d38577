import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import { useDropzone } from "react-dropzone";
import { EVERYTHING, isEverything } from "./address/address";
import { goToPhoto, goToSearch, leavePhoto } from "./address/navigation";
import { useAddress, useIsAtStatus } from "./address/useAddress";
import type { Image } from "./api";
import { retryImage } from "./api";
import styles from "./App.module.css";
import { UndoToast } from "./deletion/UndoToast";
import { useDeletionQueue } from "./deletion/useDeletionQueue";
import { useDeletions, useLeaving } from "./deletion/useDeletions";
import { focusPhoto } from "./gallery/focusPhoto";
import { Gallery } from "./gallery/Gallery";
import { titleOf } from "./gallery/photoText";
import { imagesOf } from "./gallery/timeline";
import { useOlder } from "./gallery/useOlder";
import { usePhotoChange } from "./gallery/usePhotoChange";
import { useTimeline } from "./gallery/useTimeline";
import { Header } from "./header/Header";
import { StatusBar } from "./header/StatusBar";
import { replacedModel, waitingIn } from "./header/statusText";
import { useStatus } from "./header/useStatus";
import { Filters } from "./search/Filters";
import { foundText } from "./search/foundText";
import { SelectionBar } from "./selection/SelectionBar";
import { useSelection } from "./selection/useSelection";
import { counted } from "./shared/counted";
import { ErrorBoundary } from "./shared/ErrorBoundary";
import { Notice } from "./shared/Notice";
import { PACE, type Pace } from "./shared/pace";
import { ShortcutsDialog } from "./shared/ShortcutsDialog";
import { useIsOnline } from "./shared/useIsOnline";
import { useShortcuts } from "./shared/useShortcuts";
import { useTitle } from "./shared/useTitle";
import { DropOverlay } from "./uploads/DropOverlay";
import { FolderInput } from "./uploads/FolderInput";
import { PHOTO_TYPES } from "./uploads/photoFile";
import { UploadAnnouncer } from "./uploads/UploadAnnouncer";
import { UploadTray } from "./uploads/UploadTray";
import { useIsUploading } from "./uploads/useIsUploading";
import { useLeaveWarning } from "./uploads/useLeaveWarning";
import { usePaste } from "./uploads/usePaste";
import { useUploadQueue } from "./uploads/useUploadQueue";

const StatusPage = lazy(async () => ({ default: (await import("./status/StatusPage")).StatusPage }));
const Viewer = lazy(async () => ({ default: (await import("./viewer/Viewer")).Viewer }));

export interface AppProps {
  pace?: Pace;
}

/** The page: takes photos in from anywhere on the window, and shows the gallery. */
export function App({ pace = PACE }: AppProps) {
  const { search, photo } = useAddress();
  const isAtStatus = useIsAtStatus();
  const uploads = useUploadQueue();
  const deletions = useDeletionQueue();
  const isUploading = useIsUploading(uploads);
  const status = useStatus(pace, isUploading);
  const isWaiting = status.data !== undefined && waitingIn(status.data) > 0;
  const timeline = useTimeline(
    search,
    pace,
    !isAtStatus,
    isUploading || isWaiting,
    replacedModel(status.data),
  );
  const leaving = useLeaving(deletions);
  const { failure } = useDeletions(deletions);
  const isOnline = useIsOnline();
  const images = useMemo(
    () => (timeline.data ? imagesOf(timeline.data) : []).filter((image) => !leaving.has(image.id)),
    [timeline.data, leaving],
  );
  const selection = useSelection(images);
  const retry = usePhotoChange(retryImage);
  const older = useOlder(search, timeline.data?.next ?? null);
  const [showsShortcuts, setShowsShortcuts] = useState(false);
  const searchInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const dropzone = useDropzone({
    accept: PHOTO_TYPES,
    noClick: true,
    noKeyboard: true,
    noPaste: true,
    onDrop: (accepted, rejected) => {
      uploads.add([...accepted, ...rejected.map(({ file }) => file)]);
    },
  });
  usePaste(uploads.add);
  useLeaveWarning(isUploading);
  const opened = images.find(({ id }) => id === photo);
  useTitle(isAtStatus ? "Status" : opened && titleOf(opened));

  const { clear } = selection;
  const remove = useCallback(
    (ids: string[]) => {
      const gone = new Set(ids);
      deletions.remove(images.filter(({ id }) => gone.has(id)));
      clear();
    },
    [deletions, images, clear],
  );

  function removeOpened(image: Image): void {
    const index = images.findIndex(({ id }) => id === image.id);
    const next = images[index + 1] ?? images[index - 1];
    deletions.remove([image]);
    if (index !== -1 && next) goToPhoto(next.id);
    else leavePhoto();
  }

  const addFolder = () => folderInput.current?.click();
  useShortcuts({
    "?": () => {
      setShowsShortcuts(true);
    },
    "Ctrl z": deletions.undo,
    ...(photo === null && { "/": () => searchInput.current?.focus() }),
    ...(photo === null &&
      !isAtStatus && {
        Escape: selection.clear,
        Delete: () => {
          remove([...selection.ids]);
        },
      }),
  });

  return (
    <div {...dropzone.getRootProps({ className: styles.app })}>
      <div className={styles.page} inert={photo !== null}>
        <div className={styles.top}>
          <Header
            search={search}
            onSearch={goToSearch}
            searchRef={searchInput}
            onAddPhotos={dropzone.open}
            onAddFolder={addFolder}
            onHome={() => {
              goToSearch(EVERYTHING);
              window.scrollTo(0, 0);
            }}
          />
          {selection.ids.size > 0 && !isAtStatus && (
            <SelectionBar
              count={selection.ids.size}
              onDelete={() => {
                remove([...selection.ids]);
              }}
              onClear={selection.clear}
            />
          )}
          {timeline.isError && timeline.data && (
            <Notice>
              {isOnline ? "The gallery does not answer." : "This device is offline."} This is what was here
              before; it is asked again every few seconds.
            </Notice>
          )}
          {failure && (
            <Notice onRetry={deletions.retry} onDismiss={deletions.forgetFailure}>
              {failure.images.length === 1
                ? `“${failure.images[0]?.filename ?? ""}” was not deleted.`
                : `${counted(failure.images.length, "photo")} were not deleted.`}{" "}
              {failure.error.message}
            </Notice>
          )}
          {retry.error && <Notice onDismiss={retry.reset}>{retry.error.message}</Notice>}
        </div>
        <main className={styles.main}>
          <input {...dropzone.getInputProps({ "aria-label": "Photos to add" })} />
          <FolderInput ref={folderInput} onChoose={uploads.add} />
          {isAtStatus ? (
            <ErrorBoundary
              fallback={<Notice>The status can’t be shown. Load the page again to try once more.</Notice>}
            >
              <Suspense>
                <StatusPage status={status.data} pace={pace} />
              </Suspense>
            </ErrorBoundary>
          ) : (
            <>
              {status.data && (
                <div className={styles.bars}>
                  <StatusBar status={status.data} />
                  {(images.length > 0 || !isEverything(search)) && (
                    <Filters
                      search={search}
                      counts={status.data.counts}
                      found={foundText(search, timeline, images.length)}
                      onSearch={goToSearch}
                    />
                  )}
                </div>
              )}
              <Gallery
                timeline={timeline}
                search={search}
                images={images}
                isUploading={isUploading}
                selection={selection}
                open={photo}
                onOpen={goToPhoto}
                onRetry={(image) => {
                  retry.mutate(image.id);
                }}
                onDelete={remove}
                onShowAll={() => {
                  goToSearch(EVERYTHING);
                }}
                onAddPhotos={dropzone.open}
                onAddFolder={addFolder}
                onAddFiles={uploads.add}
              />
            </>
          )}
        </main>
        <UploadTray queue={uploads} onShow={goToPhoto} />
      </div>
      {photo !== null && (
        <ErrorBoundary
          fallback={<Notice>The photo can’t be shown. Load the page again to try once more.</Notice>}
        >
          <Suspense>
            <Viewer
              photo={photo}
              images={images}
              onShow={goToPhoto}
              onNearEnd={older.load}
              onClose={leavePhoto}
              onDelete={removeOpened}
              onSearchLabel={(label) => {
                goToSearch({ ...EVERYTHING, label });
              }}
            />
          </Suspense>
        </ErrorBoundary>
      )}
      <UploadAnnouncer queue={uploads} />
      <UndoToast queue={deletions} onUndone={focusPhoto} />
      {showsShortcuts && (
        <ShortcutsDialog
          onClose={() => {
            setShowsShortcuts(false);
          }}
        />
      )}
      {dropzone.isDragActive && <DropOverlay />}
    </div>
  );
}
