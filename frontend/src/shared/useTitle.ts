import { useEffect } from "react";

const NAME = "Captionary";

/** The title of the window, with what is open: a photo, or another page than that of the photos. */
export function useTitle(open: string | undefined): void {
  useEffect(() => {
    document.title = open === undefined ? NAME : `${open} – ${NAME}`;
  }, [open]);
}
