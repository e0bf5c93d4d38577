import { UPLOAD_BYTES } from "../api";

/** The kinds of picture that the gallery reads, with the endings of their files. */
export const PHOTO_TYPES: Record<string, string[]> = {
  "image/jpeg": [".jpg", ".jpeg", ".jfif"],
  "image/png": [".png"],
  "image/webp": [".webp"],
  "image/gif": [".gif"],
  "image/tiff": [".tif", ".tiff"],
  "image/bmp": [".bmp"],
  "image/heic": [".heic", ".hif"],
  "image/heif": [".heif"],
  "image/avif": [".avif"],
};

/** The MIME type of a photo, by its name where the browser does not know (HEIC); null if it is none. */
export function contentTypeOf(file: File): string | null {
  if (file.type in PHOTO_TYPES) return file.type;
  const name = file.name.toLowerCase();
  const known = Object.entries(PHOTO_TYPES).find(([, endings]) =>
    endings.some((ending) => name.endsWith(ending)),
  );
  return known?.[0] ?? null;
}

/** Why a file can't be a photo of the gallery; null if it can. */
export function refusalOf(file: File): string | null {
  if (contentTypeOf(file) === null) {
    return "Not a photo that is read here. JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC and AVIF are.";
  }
  if (file.size === 0) return "The file is empty.";
  if (file.size > UPLOAD_BYTES) {
    return `The photo has ${(file.size / 1e6).toFixed(1)} MB; up to ${UPLOAD_BYTES / 1e6} MB are taken.`;
  }
  return null;
}
