import { useEffect } from "react";

const NAME = "Captionary";

/** The title of the window, with the photo that is open. */
export function useTitle(photo: string | undefined): void {
  useEffect(() => {
    document.title = photo === undefined ? NAME : `${photo} – ${NAME}`;
  }, [photo]);
}
