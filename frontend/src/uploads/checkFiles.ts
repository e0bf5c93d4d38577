import { findKnown } from "../api";

/** What is known of a file's content before it is sent. */
export interface Checked {
  /** SHA-256 in hexadecimal; null where it could not be computed. */
  digest: string | null;
  /** The photo of the gallery that has this content; null where there is none, or nobody could tell. */
  known: string | null;
}

/** Look up which files the gallery has already. Where that can't be found out, they are sent. */
export async function checkFiles(files: readonly File[]): Promise<Checked[]> {
  const digests: (string | null)[] = [];
  for (const file of files) digests.push(await digestOf(file));
  const asked = digests.filter((digest) => digest !== null);
  const known = asked.length > 0 ? await findKnown(asked).catch(() => null) : null;
  return digests.map((digest) => ({
    digest,
    known: digest === null ? null : (known?.[digest] ?? null),
  }));
}

/** Null over plain http of another machine, where browsers offer no digests, and for files that can't be read. */
async function digestOf(file: File): Promise<string | null> {
  if (!window.isSecureContext) return null;
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch {
    return null;
  }
}
