import { type Ref, useImperativeHandle, useMemo, useRef } from "react";
import Lightbox, { type ControllerRef, type Slide, type ZoomRef } from "yet-another-react-lightbox";
import Inline from "yet-another-react-lightbox/plugins/inline";
import Zoom from "yet-another-react-lightbox/plugins/zoom";
import "yet-another-react-lightbox/styles.css";
import type { Image } from "../api";
import { titleOf } from "../gallery/photoText";
import { PREVIEW_PIXELS, scaledTo, THUMBNAIL_PIXELS } from "../gallery/sources";
import { Icon } from "../shared/Icon";
import styles from "./Stage.module.css";
import { Waiting } from "./Waiting";

/** Screen pixels for one of the picture, at most. */
const MOST_ZOOM = 3;

export interface StageControls {
  previous: () => void;
  next: () => void;
  zoomIn: () => void;
  zoomOut: () => void;
  /** Zoom in, or all the way out. */
  toggleZoom: () => void;
}

/** A place in the row of photos whose picture is not there. */
interface WaitingSlide {
  type: "waiting";
  image: Image;
}

declare module "yet-another-react-lightbox" {
  interface SlideTypes {
    waiting: WaitingSlide;
  }
}

export interface StageProps {
  controls: Ref<StageControls>;
  images: Image[];
  /** Of the photo that is shown. */
  index: number;
  onShow: (id: string) => void;
}

/** The pictures themselves, to swipe through and to zoom into. */
export function Stage({ controls, images, index, onShow }: StageProps) {
  const carousel = useRef<ControllerRef>(null);
  const zoom = useRef<ZoomRef>(null);
  const slides = useMemo(() => images.map(slideOf), [images]);
  useImperativeHandle(
    controls,
    () => ({
      previous: () => carousel.current?.prev(),
      next: () => carousel.current?.next(),
      zoomIn: () => zoom.current?.zoomIn(),
      zoomOut: () => zoom.current?.zoomOut(),
      toggleZoom: () => {
        if (!zoom.current) return;
        if (zoom.current.zoom > 1) zoom.current.changeZoom(1);
        else zoom.current.zoomIn();
      },
    }),
    [],
  );
  return (
    <Lightbox
      className={styles.stage ?? ""}
      plugins={[Inline, Zoom]}
      slides={slides}
      index={index}
      controller={{ ref: carousel, closeOnEscape: false }}
      zoom={{ ref: zoom, maxZoomPixelRatio: MOST_ZOOM, scrollToZoom: true }}
      carousel={{ finite: true, preload: 1, padding: 0 }}
      animation={{ swipe: 250, navigation: 200 }}
      toolbar={{ buttons: [] }}
      labels={{ Previous: "Previous photo", Next: "Next photo" }}
      render={{
        slide: ({ slide }) => (slide.type === "waiting" ? <Waiting image={slide.image} /> : undefined),
        buttonZoom: () => null,
        iconPrev: () => <Icon name="previous" size={28} />,
        iconNext: () => <Icon name="next" size={28} />,
        ...(images.length < 2 && { buttonPrev: () => null, buttonNext: () => null }),
      }}
      on={{
        view: ({ index: shown }) => {
          const id = images[shown]?.id;
          if (id !== undefined && shown !== index) onShow(id);
        },
      }}
    />
  );
}

function slideOf(image: Image): Slide {
  if (image.status !== "ready" || image.preview_url === null) return { type: "waiting", image };
  const sources = [[image.thumb_url, THUMBNAIL_PIXELS] as const, [image.preview_url, PREVIEW_PIXELS] as const]
    .filter(([url]) => url !== null)
    .map(([url, pixels]) => ({ src: url ?? "", ...scaledTo(image, pixels) }));
  return {
    type: "image",
    src: image.preview_url,
    alt: titleOf(image),
    ...scaledTo(image, PREVIEW_PIXELS),
    srcSet: sources,
  };
}
