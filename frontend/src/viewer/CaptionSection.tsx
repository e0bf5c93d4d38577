import { type KeyboardEvent, useState } from "react";
import { CAPTION_CHARACTERS, type Edit, editImage, type Image } from "../api";
import { usePhotoChange } from "../gallery/usePhotoChange";
import { Icon } from "../shared/Icon";
import styles from "./CaptionSection.module.css";
import panel from "./Panel.module.css";

export interface CaptionSectionProps {
  image: Image;
}

/** The caption, to be read and put right. */
export function CaptionSection({ image }: CaptionSectionProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const { mutate, isPending, error } = usePhotoChange((edit: Edit) => editImage(image.id, edit));
  const words = draft?.trim() ?? "";

  function save(): void {
    if (words === "" || isPending) return;
    mutate(
      { caption: words },
      {
        onSuccess: () => {
          setDraft(null);
        },
      },
    );
  }

  function followKey(event: KeyboardEvent): void {
    if (event.key === "Escape") setDraft(null);
    else if (event.key === "Enter" && !event.shiftKey) save();
    else return;
    event.preventDefault();
  }

  if (draft !== null) {
    return (
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <textarea
          className={panel.field}
          aria-label="Caption"
          rows={4}
          maxLength={CAPTION_CHARACTERS}
          // The person just asked to edit.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          onFocus={({ target }) => {
            target.setSelectionRange(target.value.length, target.value.length);
          }}
          value={draft}
          onChange={(event) => {
            setDraft(event.target.value.replaceAll("\n", " "));
          }}
          onKeyDown={followKey}
        />
        <div className={panel.buttons}>
          <button
            type="submit"
            className="button button-small button-main"
            disabled={words === "" || isPending}
          >
            Save
          </button>
          <button
            type="button"
            className="button button-small"
            onClick={() => {
              setDraft(null);
            }}
          >
            Cancel
          </button>
        </div>
        {error && (
          <p className={panel.failure} role="alert">
            {error.message}
          </p>
        )}
      </form>
    );
  }
  return (
    <div>
      <div className={styles.row}>
        <p className={styles.caption} data-length={lengthOf(image.caption)}>
          {image.caption ?? emptyText(image)}
        </p>
        <button
          type="button"
          className="button-icon"
          aria-label="Edit the caption"
          title="Edit the caption"
          onClick={() => {
            setDraft(image.caption ?? "");
          }}
        >
          <Icon name="pencil" size={18} />
        </button>
      </div>
      {image.edited.caption && (
        <p className={panel.note}>
          In a person’s words.{" "}
          <button
            type="button"
            className={panel.link}
            disabled={isPending}
            onClick={() => {
              mutate({ caption: null });
            }}
          >
            Back to the model’s
          </button>
        </p>
      )}
      {error && (
        <p className={panel.failure} role="alert">
          {error.message}
        </p>
      )}
    </div>
  );
}

function lengthOf(caption: string | null): "short" | "long" {
  return caption !== null && caption.length > 90 ? "long" : "short";
}

function emptyText({ status }: Image): string {
  return status === "pending" ? "Waits for its caption." : "No caption.";
}
