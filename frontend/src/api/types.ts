/** What the gallery's REST API takes and gives. */

/** A word for what is in a photo. */
export interface Label {
  name: string;
  /** How sure the model is, 0 to 1; 1 for a person's word. */
  score: number;
  source: "model" | "person";
}

export type PhotoStatus = "pending" | "ready" | "failed";

/** A photo as the API shows it. */
export interface Image {
  id: string;
  filename: string;
  status: PhotoStatus;
  caption: string | null;
  caption_source: "model" | "person";
  /** Best first. */
  labels: Label[];
  /** Whether it shows a person's words in place of the model's. */
  edited: { caption: boolean; labels: boolean };
  /** In pixels, of the upright picture; null until it was read. */
  width: number | null;
  /** In pixels, of the upright picture; null until it was read. */
  height: number | null;
  /** Size of the original file, in bytes. */
  bytes: number;
  content_type: string | null;
  /** SHA-256 of the original file, in hexadecimal; null until it was read. */
  sha256: string | null;
  /** When the gallery took it in: RFC 3339, UTC, in microseconds. Later photos have later times. */
  created_at: string;
  /** When it was taken, by its EXIF data: RFC 3339, UTC. */
  taken_at: string | null;
  /** By its EXIF data, e.g. "Canon EOS 5D". */
  camera: string | null;
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

/** Which photos are wanted. All conditions hold together. */
export interface Search {
  /** Words that all have to be there, the last one perhaps in part; empty for any. */
  q: string;
  /** The exact name of a label; null for any. */
  label: string | null;
  status: PhotoStatus | null;
}

/** A label and how many photos have it. */
export interface LabelCount {
  name: string;
  count: number;
}

/** What a person says about a photo; null goes back to the model's words. */
export interface Edit {
  caption?: string | null;
  labels?: string[] | null;
}

export type Verdict = "right" | "wrong";

/** A photo that looks like another one. */
export interface Similar {
  image: Image;
  /** 0 to 1. */
  similarity: number;
  /** "exact": the same bytes; "near": the same picture in another file. */
  duplicate: "exact" | "near" | null;
}

/** How the change from the starter model to the full one goes. */
export interface Upgrade {
  /** The full model's name. */
  model: string;
  /** "captioning": it has taken over, and makes the starter's captions anew. */
  state: "preparing" | "captioning" | "done" | "failed";
  /** Why it failed, or what is left to know once it is done, without a full stop. */
  reason: string | null;
}

/** What writes the captions. */
export interface Model {
  name: string;
  version: string;
  /** How many kinds of things it names. */
  classes?: number;
  /** Shares of pictures it had not seen that it names right, 0 to 1, by measure; null where that was not measured. */
  scores?: Record<string, unknown> | null;
  /** How good its sentences are, by measure; null where that was not measured. */
  caption_scores?: Record<string, unknown> | null;
}

/** How the gallery is doing. */
export interface Status {
  counts: { pending: number; ready: number; failed: number };
  /** About how many messages wait to be worked on, and how many were given up. */
  queue: { waiting: number; dead_letters: number };
  /** What people said of captions, all photos together. */
  feedback: { right: number; wrong: number };
  /** What writes the captions; null until it ran for the first time. */
  model: Model | null;
  /** Null where no other model is to take over, or has taken over lately. */
  upgrade: Upgrade | null;
  version: string;
}

/** What was done in a minute, or in a few. */
export interface ActivityStep {
  /** When it began: RFC 3339, UTC. */
  at: string;
  /** Photos that got a caption. */
  ready: number;
  /** Photos that can't be captioned. */
  failed: number;
  /** Photos that were given up after the last try. */
  gave_up: number;
  /** Tries that came to nothing, and are made again. */
  put_off: number;
  removed: number;
  /** Events that left nothing to do. */
  unchanged: number;
  /** Milliseconds for a photo, on average, by stage; stages that no photo went through are left out. */
  ms: Partial<Record<Stage, number>>;
  /** The longest time in the queue; null where no photo came. */
  wait_seconds: number | null;
}

/** Stages of a photo's way, in their order. */
export const STAGES = ["fetch", "decode", "encode", "network", "store", "record"] as const;
export type Stage = (typeof STAGES)[number];

/** What was done lately. */
export interface Activity {
  minutes: number;
  step_seconds: number;
  /** Photos that became ready or failed in the last sixty seconds. */
  per_minute: number;
  /** Oldest first, those in which nothing was done included. */
  items: ActivityStep[];
}

/** Who may use the gallery, and whether this browser is signed in. */
export interface Session {
  /** Whether the gallery has an access token. */
  required: boolean;
  /** Whether everyone may look at the photos. */
  public_read: boolean;
  signed_in: boolean;
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

/** The most ids or hashes that one request may name. */
export const IDS_PER_REQUEST = 100;

/** The most bytes that POST /api/images takes; larger files go straight to the bucket. */
export const BODY_BYTES = 4_500_000;

/** The most bytes that a photo may have. */
export const UPLOAD_BYTES = 50_000_000;

/** The most characters of a caption. */
export const CAPTION_CHARACTERS = 1000;

/** The most labels that a person may give to a photo, and the most characters of one. */
export const MOST_LABELS = 20;
export const LABEL_CHARACTERS = 60;
