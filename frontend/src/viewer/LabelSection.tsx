import { useState } from "react";
import type { Image } from "../api";
import { percentOf } from "../gallery/photoText";
import { Icon } from "../shared/Icon";
import { LabelEditor } from "./LabelEditor";
import styles from "./LabelSection.module.css";
import panel from "./Panel.module.css";

export interface LabelSectionProps {
  image: Image;
  onSearch: (label: string) => void;
}

/** The labels with their scores. Each of them leads to the photos that have it. */
export function LabelSection({ image, onSearch }: LabelSectionProps) {
  const [isEdited, setIsEdited] = useState(false);
  return (
    <section>
      <h3 className={panel.heading}>
        Labels
        {!isEdited && (
          <button
            type="button"
            className="button-icon"
            aria-label="Edit the labels"
            title="Edit the labels"
            onClick={() => {
              setIsEdited(true);
            }}
          >
            <Icon name="pencil" size={18} />
          </button>
        )}
      </h3>
      {isEdited ? (
        <LabelEditor
          image={image}
          onDone={() => {
            setIsEdited(false);
          }}
        />
      ) : (
        <ul className={styles.labels} aria-label="Labels">
          {image.labels.map((label) => (
            <li key={label.name}>
              <button
                type="button"
                className={styles.label}
                title={`Show all photos of ${label.name}`}
                onClick={() => {
                  onSearch(label.name);
                }}
              >
                <span className={styles.name}>{label.name}</span>{" "}
                <span className={styles.score}>{percentOf(label)}</span>
              </button>
            </li>
          ))}
          {image.labels.length === 0 && <li className={panel.note}>None.</li>}
        </ul>
      )}
    </section>
  );
}
