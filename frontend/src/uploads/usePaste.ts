import { useEffect } from "react";

/** Takes in files that are pasted anywhere on the page. */
export function usePaste(onPaste: (files: File[]) => void): void {
  useEffect(() => {
    const take = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      onPaste(files.map(named));
    };
    document.addEventListener("paste", take);
    return () => {
      document.removeEventListener("paste", take);
    };
  }, [onPaste]);
}

/** Browsers call every picture of the clipboard image.png. */
function named(file: File): File {
  if (file.name !== "image.png") return file;
  const time = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", "-");
  return new File([file], `Pasted ${time}.png`, { type: file.type, lastModified: file.lastModified });
}
