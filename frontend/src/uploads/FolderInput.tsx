import type { Ref } from "react";

export interface FolderInputProps {
  ref: Ref<HTMLInputElement>;
  onChoose: (files: File[]) => void;
}

/** An attribute that React's types don't know. */
const WHOLE_FOLDERS = { webkitdirectory: "" };

/** The browser's picker of folders; clicked by buttons. Files that no person put there are left out. */
export function FolderInput({ ref, onChoose }: FolderInputProps) {
  return (
    <input
      ref={ref}
      type="file"
      hidden
      multiple
      aria-label="Folder to add"
      {...WHOLE_FOLDERS}
      onChange={(event) => {
        onChoose([...(event.target.files ?? [])].filter((file) => !isHidden(file)));
        event.target.value = "";
      }}
    />
  );
}

function isHidden({ name }: File): boolean {
  return name.startsWith(".") || name === "Thumbs.db" || name === "desktop.ini";
}
