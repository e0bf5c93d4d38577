/** Ways for a file into the gallery. */

import { ApiError, noAnswer, parse, refusal, sendJson } from "./request";
import type { Image, UploadForm } from "./types";

const STORAGE_FULL = 507;

export interface Sending {
  /** Called with the share of the file that is through, 0 to 1. */
  onProgress: (share: number) => void;
  /** Breaks it off. */
  signal: AbortSignal;
}

/** Which of these contents the gallery has already: the ids of their photos, by SHA-256 in hexadecimal. */
export async function findKnown(sha256: string[]): Promise<Record<string, string>> {
  const answer = await sendJson("POST", "/api/images/known", { sha256 });
  return (answer as { known: Record<string, string> }).known;
}

/** Send a file of up to BODY_BYTES as a new photo. */
export async function uploadImage(file: File, contentType: string, sending: Sending): Promise<Image> {
  const headers = { "Content-Type": contentType, "X-Filename": encodeURIComponent(file.name) };
  const answer = await post("/api/images", file, headers, sending);
  if (!isSuccess(answer.status)) throw refusal(answer.status, answer.text);
  return parse(answer.text) as Image;
}

/** Ask for a form to send a file of up to UPLOAD_BYTES with. */
export async function signUpload(
  filename: string,
  contentType: string,
  size: number,
  signal: AbortSignal,
): Promise<UploadForm> {
  const wish = { filename, content_type: contentType, size };
  return (await sendJson("POST", "/api/uploads", wish, { signal })) as UploadForm;
}

/** Post a file into the bucket with a form from `signUpload`. */
export async function postForm(form: UploadForm, file: File, sending: Sending): Promise<void> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append("file", file); // S3 ignores whatever follows the file
  const answer = await post(form.url, body, {}, sending);
  if (isSuccess(answer.status)) return;
  throw new ApiError({
    type: "about:blank",
    title: "The storage refused the file",
    status: answer.status,
    detail:
      answer.status === STORAGE_FULL
        ? "The disk of the gallery is full. Make room on it, and try again."
        : `The storage did not take the file (it answered ${answer.status}). Try again.`,
  });
}

interface Answer {
  status: number;
  text: string;
}

/** POST with XMLHttpRequest, since fetch can't tell how much of a file is through. */
function post(
  url: string,
  body: File | FormData,
  headers: Record<string, string>,
  { onProgress, signal }: Sending,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const xhr = new XMLHttpRequest();
    const abort = () => {
      xhr.abort();
      reject(new DOMException("The upload was cancelled.", "AbortError"));
    };
    signal.addEventListener("abort", abort, { once: true });
    xhr.open("POST", url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    xhr.onload = () => {
      resolve({ status: xhr.status, text: xhr.responseText });
    };
    xhr.onerror = () => {
      reject(noAnswer("The connection broke before the photo was through. Check it and try again."));
    };
    xhr.onloadend = () => {
      signal.removeEventListener("abort", abort);
    };
    xhr.send(body);
  });
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
