/** Small pictures of files that were sent from this page, shown until the gallery has made its own. */

export interface LocalPicture {
  /** In pixels, of the upright picture. */
  width: number;
  /** In pixels, of the upright picture. */
  height: number;
  /** A data: URL, which the Content-Security-Policy allows. */
  url: string;
}

const LONGER_SIDE = 400;
const MOST_PICTURES = 300;

const pictures = new Map<string, LocalPicture>();

/** What the photo with this id looks like, if it was sent from here lately. */
export function localPicture(id: string): LocalPicture | undefined {
  return pictures.get(id);
}

export function keepLocalPicture(id: string, picture: LocalPicture): void {
  pictures.set(id, picture);
  const [oldest] = pictures.keys();
  if (pictures.size > MOST_PICTURES && oldest !== undefined) pictures.delete(oldest);
}

/** Make a small picture of a file; null where the browser can't read it, such as HEIC. */
export async function drawLocalPicture(file: File): Promise<LocalPicture | null> {
  if (!("createImageBitmap" in window)) return null;
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    const scale = Math.min(1, LONGER_SIDE / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return { width, height, url: canvas.toDataURL("image/jpeg", 0.75) };
  } catch {
    return null;
  }
}
