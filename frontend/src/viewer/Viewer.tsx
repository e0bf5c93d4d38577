import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useAccess } from "../access/Access";
import { ApiError, getImage, type Image } from "../api";
import { photoKey } from "../gallery/usePhotoChange";
import { titleOf } from "../gallery/photoText";
import { Panel } from "./Panel";
import { Stage, type StageControls } from "./Stage";
import { Toolbar } from "./Toolbar";
import styles from "./Viewer.module.css";
import { useViewerKeys } from "./useViewerKeys";

/** Older photos are loaded when so few are left. */
const NEAR_END = 8;

export interface ViewerProps {
  /** Id of the photo that is open. */
  photo: string;
  /** Those to go through. */
  images: Image[];
  onShow: (id: string) => void;
  onNearEnd: () => void;
  onClose: () => void;
  onDelete: (image: Image) => void;
  onSearchLabel: (label: string) => void;
}

/** One photo in full, with what is known of it. */
export function Viewer({ photo, images, onShow, onNearEnd, onClose, onDelete, onSearchLabel }: ViewerProps) {
  const root = useRef<HTMLDivElement>(null);
  const controls = useRef<StageControls>(null);
  const [isPanelShown, setIsPanelShown] = useState(true);
  const { isKnown } = useAccess();
  const listed = images.find(({ id }) => id === photo);
  const single = useQuery({
    queryKey: photoKey(photo),
    queryFn: ({ signal }) => getImage(photo, signal),
    enabled: isKnown && listed === undefined,
    // One that waits for its caption gets it while one looks.
    refetchInterval: ({ state }) => (state.data?.status === "pending" ? 2000 : false),
  });
  const image = listed ?? single.data;
  const togglePanel = () => {
    setIsPanelShown(!isPanelShown);
  };

  useEffect(() => {
    root.current?.focus();
  }, []);

  const index = listed ? images.indexOf(listed) : -1;
  const isNearEnd = index >= images.length - NEAR_END && index !== -1;
  useEffect(() => {
    if (isNearEnd) onNearEnd();
  }, [isNearEnd, onNearEnd]);

  useViewerKeys({
    ArrowLeft: () => controls.current?.previous(),
    ArrowRight: () => controls.current?.next(),
    Escape: onClose,
    Delete: () => {
      if (image) onDelete(image);
    },
    i: togglePanel,
    "+": () => controls.current?.zoomIn(),
    "=": () => controls.current?.zoomIn(),
    "-": () => controls.current?.zoomOut(),
  });

  const title = image ? titleOf(image) : "Photo";
  return (
    <div
      ref={root}
      className={styles.viewer}
      role="dialog"
      aria-modal="true"
      aria-label={title}
      tabIndex={-1}
    >
      <div className={styles.stage}>
        <Toolbar
          image={image}
          isPanelShown={isPanelShown}
          onTogglePanel={togglePanel}
          onZoom={() => controls.current?.toggleZoom()}
          onClose={onClose}
          onDelete={onDelete}
        />
        {image && (
          <Stage
            controls={controls}
            images={listed ? images : [image]}
            index={Math.max(index, 0)}
            onShow={onShow}
          />
        )}
        {!image && (
          <p className={styles.missing} role="status">
            {single.error ? missingText(single.error) : "Loading…"}
          </p>
        )}
      </div>
      {image && isPanelShown && (
        <Panel key={image.id} image={image} onShow={onShow} onSearchLabel={onSearchLabel} />
      )}
    </div>
  );
}

function missingText(error: Error): string {
  return error instanceof ApiError && error.problem.status === 404
    ? "This photo is not in the gallery any more."
    : error.message;
}
