import { useState } from "react";
import { type Image, sendFeedback, type Verdict } from "../api";
import { usePhotoChange } from "../gallery/usePhotoChange";
import { Icon, type IconName } from "../shared/Icon";
import styles from "./FeedbackButtons.module.css";
import panel from "./Panel.module.css";

const VERDICTS: { verdict: Verdict; icon: IconName; word: string }[] = [
  { verdict: "right", icon: "thumbUp", word: "Right" },
  { verdict: "wrong", icon: "thumbDown", word: "Wrong" },
];

export interface FeedbackButtonsProps {
  image: Image;
}

/** Asks whether the words are right. */
export function FeedbackButtons({ image }: FeedbackButtonsProps) {
  const [given, setGiven] = useState<Verdict | null>(null);
  const { mutate, isPending, error } = usePhotoChange((verdict: Verdict) => sendFeedback(image.id, verdict));
  return (
    <div>
      <div className={styles.row} role="group" aria-label="Are these words right?">
        {VERDICTS.map(({ verdict, icon, word }) => (
          <button
            key={verdict}
            type="button"
            className={`button button-small ${styles.verdict ?? ""}`}
            aria-pressed={given === verdict}
            disabled={isPending}
            onClick={() => {
              if (given === verdict) return;
              mutate(verdict, {
                onSuccess: () => {
                  setGiven(verdict);
                },
              });
            }}
          >
            <Icon name={icon} />
            {word}
            {image.feedback[verdict] > 0 && (
              <span className={styles.count}>
                {image.feedback[verdict].toLocaleString("en")}
                <span className="visually-hidden"> said so</span>
              </span>
            )}
          </button>
        ))}
        <span className={panel.note} role="status">
          {given === "right" && "Thanks."}
          {given === "wrong" && "Thanks. You can edit it, too."}
        </span>
      </div>
      {error && (
        <p className={panel.failure} role="alert">
          {error.message}
        </p>
      )}
    </div>
  );
}
