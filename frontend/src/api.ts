/** The gallery's REST API, as the page uses it. */

/** A word for what is in a photo. */
export interface Label {
  name: string;
  /** How sure the model is, 0 to 1. */
  score: number;
  source: "model" | "person";
}

/** A photo as the API shows it. */
export interface Image {
  id: string;
  filename: string;
  status: "pending" | "ready" | "failed";
  caption: string | null;
  caption_source: "model" | "person";
  /** Best first. */
  labels: Label[];
  /** In pixels, of the upright picture; null until it was read. */
  width: number | null;
  /** In pixels, of the upright picture; null until it was read. */
  height: number | null;
  /** Size of the original file, in bytes. */
  bytes: number;
  content_type: string | null;
  /** When the gallery took it in: RFC 3339, UTC, in microseconds. Later photos have later times. */
  created_at: string;
  /** When it was taken, by its EXIF data: RFC 3339, UTC. */
  taken_at: string | null;
  /** A ThumbHash, base64. */
  placeholder: string | null;
  /** JPEG with its longer side at up to 400 pixels. */
  thumb_url: string | null;
  /** JPEG with its longer side at up to 1280 pixels. */
  preview_url: string | null;
  original_url: string;
  model: { name: string; version: string } | null;
  feedback: { right: number; wrong: number };
  error: { code: string; message: string } | null;
}

/** A part of the gallery, newest first. */
export interface Page {
  items: Image[];
  /** Cursor of the part that follows; null at the end. */
  next: string | null;
}

/** How the change from the starter model to the full one goes. */
export interface Upgrade {
  /** The full model's name. */
  model: string;
  /** "captioning": it has taken over, and makes the starter's captions anew. */
  state: "preparing" | "captioning" | "done" | "failed";
  /** Why it failed, without a full stop. */
  reason: string | null;
}

/** How the gallery is doing. */
export interface Status {
  counts: { pending: number; ready: number; failed: number };
  /** About how many messages wait to be worked on, and how many were given up. */
  queue: { waiting: number; dead_letters: number };
  /** What writes the captions; null until it ran for the first time. */
  model: { name: string; version: string } | null;
  /** Null where no other model is to take over, or has taken over lately. */
  upgrade: Upgrade | null;
  version: string;
}

/** Problem details, RFC 9457. */
export interface Problem {
  /** Stable, for programs: "/problems/too-large". */
  type: string;
  title: string;
  /** Of HTTP; 0 where there was no answer. */
  status: number;
  /** A sentence for people that says what to do. */
  detail: string;
}

/** A form that posts one file straight into the bucket. */
export interface UploadForm {
  id: string;
  url: string;
  fields: Record<string, string>;
  /** RFC 3339, UTC. */
  expires_at: string;
}

/** Called while a file is sent, with the share of it that is through, 0 to 1. */
export type OnProgress = (share: number) => void;

/** A request that came to nothing, and why. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options);
    this.name = "ApiError";
    this.problem = problem;
  }
}

/** The most ids that one request may ask for. */
export const IDS_PER_REQUEST = 100;

/** The most bytes that POST /api/images takes; larger files go straight to the bucket. */
export const BODY_BYTES = 4_500_000;

/** The most bytes that a photo may have. */
export const UPLOAD_BYTES = 50_000_000;

const ANSWER_WITHIN_MS = 20_000;

/** A part of the gallery: the newest photos, or those after `cursor`. */
export async function listImages(limit: number, cursor: string | null, signal?: AbortSignal): Promise<Page> {
  const query = new URLSearchParams({ limit: String(limit), ...(cursor !== null && { cursor }) });
  return (await getJson(`/api/images?${query.toString()}`, signal)) as Page;
}

/** The photos with these ids; those that are not in the gallery are left out. */
export async function getImages(ids: string[], signal?: AbortSignal): Promise<Image[]> {
  const chunks: string[][] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
    chunks.push(ids.slice(start, start + IDS_PER_REQUEST));
  }
  const pages = await Promise.all(
    chunks.map((chunk) => getJson(`/api/images?ids=${chunk.join(",")}`, signal) as Promise<Page>),
  );
  return pages.flatMap((page) => page.items);
}

/** Counts, queue and model. */
export async function getStatus(signal?: AbortSignal): Promise<Status> {
  return (await getJson("/api/status", signal)) as Status;
}

/** Remove a photo; fine if it is gone already. */
export async function deleteImage(id: string): Promise<void> {
  await request(`/api/images/${id}`, { method: "DELETE" });
}

/** Send a file of up to BODY_BYTES as a new photo. */
export async function uploadImage(file: File, contentType: string, onProgress: OnProgress): Promise<Image> {
  const headers = { "Content-Type": contentType, "X-Filename": encodeURIComponent(file.name) };
  const answer = await post("/api/images", file, headers, onProgress);
  if (!isSuccess(answer.status)) throw new ApiError(problemFrom(answer.status, answer.text));
  return parse(answer.text) as Image;
}

/** Ask for a form to send a file of up to UPLOAD_BYTES with. */
export async function signUpload(filename: string, contentType: string, size: number): Promise<UploadForm> {
  const response = await request("/api/uploads", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ filename, content_type: contentType, size }),
  });
  return parse(await response.text()) as UploadForm;
}

/** Post a file into the bucket with a form from `signUpload`. */
export async function postForm(form: UploadForm, file: File, onProgress: OnProgress): Promise<void> {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append("file", file); // S3 ignores whatever follows the file
  const answer = await post(form.url, body, {}, onProgress);
  if (isSuccess(answer.status)) return;
  throw new ApiError({
    type: "about:blank",
    title: "The storage refused the file",
    status: answer.status,
    detail: `The storage did not take the file (it answered ${answer.status}). Try again.`,
  });
}

async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  const response = await request(path, signal ? { signal } : {});
  return parse(await response.text());
}

async function request(path: string, init: RequestInit): Promise<Response> {
  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  let response: Response;
  try {
    response = await fetch(path, { ...init, signal });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw noAnswer("The gallery does not answer. Check the connection.", cause);
  }
  if (!response.ok) throw new ApiError(problemFrom(response.status, await response.text()));
  return response;
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
  onProgress: OnProgress,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
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
    xhr.send(body);
  });
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function noAnswer(detail: string, cause?: unknown): ApiError {
  return new ApiError({ type: "about:blank", title: "No answer", status: 0, detail }, { cause });
}

/** The problem in an answer's body, or a plain one where something in between answered. */
function problemFrom(status: number, text: string): Problem {
  try {
    const problem = JSON.parse(text) as Partial<Problem> | null;
    if (typeof problem?.detail === "string") {
      return { type: "about:blank", title: "Error", ...problem, status, detail: problem.detail };
    }
  } catch {
    // Not JSON: a proxy's own page.
  }
  return {
    type: "about:blank",
    title: "Error",
    status,
    detail: `The gallery answered with an error (${status}). Try again in a moment.`,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw noAnswer("Something else than the gallery answered. Check the address.", cause);
  }
}
