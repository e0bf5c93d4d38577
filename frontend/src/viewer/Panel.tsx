import type { Image } from "../api";
import { CaptionSection } from "./CaptionSection";
import { Facts } from "./Facts";
import { FeedbackButtons } from "./FeedbackButtons";
import { LabelSection } from "./LabelSection";
import { MoreLikeThis } from "./MoreLikeThis";
import styles from "./Panel.module.css";

export interface PanelProps {
  image: Image;
  onShow: (id: string) => void;
  onSearchLabel: (label: string) => void;
}

/** What is known of a photo, to be read, judged and corrected. */
export function Panel({ image, onShow, onSearchLabel }: PanelProps) {
  return (
    <aside className={styles.panel} aria-label="Details">
      <CaptionSection image={image} />
      {image.status === "ready" && <FeedbackButtons image={image} />}
      <LabelSection image={image} onSearch={onSearchLabel} />
      <Facts image={image} />
      {image.status === "ready" && <MoreLikeThis id={image.id} onShow={onShow} />}
    </aside>
  );
}
