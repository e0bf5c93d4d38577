import { useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useState } from "react";
import { type Edit, editImage, type Image, LABEL_CHARACTERS, MOST_LABELS } from "../api";
import { usePhotoChange } from "../gallery/usePhotoChange";
import { Icon } from "../shared/Icon";
import labels from "./LabelSection.module.css";
import panel from "./Panel.module.css";

export interface LabelEditorProps {
  image: Image;
  onDone: () => void;
}

/** Adds labels and takes some away. Those that are saved are a person's. */
export function LabelEditor({ image, onDone }: LabelEditorProps) {
  const client = useQueryClient();
  const [names, setNames] = useState(() => image.labels.map(({ name }) => name));
  const [text, setText] = useState("");
  const { mutate, isPending, error } = usePhotoChange((edit: Edit) => editImage(image.id, edit));

  function save(edit: Edit): void {
    mutate(edit, {
      onSuccess: () => {
        void client.invalidateQueries({ queryKey: ["labels"] });
        onDone();
      },
    });
  }

  function followKey(event: KeyboardEvent): void {
    if (event.key === "Escape") onDone();
    else if (event.key === "Enter" && text.trim() === "") save({ labels: names });
    else if (event.key === "Enter" || event.key === ",") {
      setNames(withName(names, text));
      setText("");
    } else if (event.key === "Backspace" && text === "") setNames(names.slice(0, -1));
    else return;
    event.preventDefault();
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save({ labels: withName(names, text) });
      }}
    >
      <ul className={labels.labels} aria-label="Labels">
        {names.map((name) => (
          <li key={name} className={labels.label}>
            <span className={labels.name}>{name}</span>
            <button
              type="button"
              className={labels.remove}
              aria-label={`Remove ${name}`}
              onClick={() => {
                setNames(names.filter((other) => other !== name));
              }}
            >
              <Icon name="close" size={12} />
            </button>
          </li>
        ))}
      </ul>
      <input
        className={`${panel.field ?? ""} ${labels.input ?? ""}`}
        aria-label="New label"
        placeholder="New label, then Enter"
        maxLength={LABEL_CHARACTERS}
        disabled={names.length >= MOST_LABELS}
        // The person just asked to edit.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.target.value);
        }}
        onKeyDown={followKey}
      />
      <div className={panel.buttons}>
        <button type="submit" className="button button-small button-main" disabled={isPending}>
          Save
        </button>
        <button type="button" className="button button-small" onClick={onDone}>
          Cancel
        </button>
        {image.edited.labels && (
          <button
            type="button"
            className="button button-small"
            disabled={isPending}
            onClick={() => {
              save({ labels: null });
            }}
          >
            Back to the model’s
          </button>
        )}
      </div>
      {error && (
        <p className={panel.failure} role="alert">
          {error.message}
        </p>
      )}
    </form>
  );
}

function withName(names: string[], text: string): string[] {
  const name = text.trim();
  return name === "" || names.includes(name) ? names : [...names, name].slice(0, MOST_LABELS);
}
