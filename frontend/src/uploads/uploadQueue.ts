/** Files on their way to the gallery, a few at a time. Free of React. */

import { ApiError, type Image, type Sending } from "../api";
import type { Checked } from "./checkFiles";
import { refusalOf } from "./photoFile";

/** A file on its way. Those that arrived are only counted. */
export interface Upload {
  id: number;
  filename: string;
  /** In bytes. */
  size: number;
  /** "checking": it is asked whether the gallery has this content; "skipped": it has. */
  state: "checking" | "waiting" | "sending" | "failed" | "skipped";
  /** The share that is through, 0 to 1. */
  progress: number;
  /** Why it failed. */
  reason: string | null;
  /** Whether another attempt may go better; not so for files that are no photos. */
  canRetry: boolean;
  /** The photo that has the same content; null where there is none, or it is on its way itself. */
  twin: string | null;
}

export interface Uploads {
  /** In the order they were added. */
  uploads: readonly Upload[];
  /** How many photos arrived since the list was last dismissed, and how many bytes they have. */
  sent: number;
  sentBytes: number;
  /** How many were cancelled since then. */
  cancelled: number;
  /** Whether the list was dismissed; it comes back with the next file or failure. */
  isDismissed: boolean;
}

export interface UploadQueue {
  add: (files: readonly File[]) => void;
  retry: (id: number) => void;
  /** Send all those again that failed and may go better. */
  retryAll: () => void;
  cancel: (id: number) => void;
  cancelAll: () => void;
  /** Forget what failed, what was skipped and what arrived; what is on its way goes on. */
  dismiss: () => void;
  getSnapshot: () => Uploads;
  /** Have `listener` called after each change; gives the way to stop that. */
  subscribe: (listener: () => void) => () => void;
}

export interface UploadQueueOptions {
  /** Tell which files the gallery has; it never fails. */
  check: (files: readonly File[]) => Promise<Checked[]>;
  send: (file: File, sending: Sending) => Promise<Image>;
  onSent: (image: Image, file: File) => void | Promise<void>;
  /** How many files are sent at the same time. */
  atOnce?: number;
}

/** How many files, and how many bytes, are checked at once. */
const CHECKED_FILES = 20;
const CHECKED_BYTES = 40_000_000;

export function createUploadQueue({ check, send, onSent, atOnce = 3 }: UploadQueueOptions): UploadQueue {
  const files = new Map<number, File>();
  const digests = new Map<number, string>();
  const senders = new Map<number, AbortController>();
  const listeners = new Set<() => void>();
  let lastId = 0;
  let isChecking = false;
  let state: Uploads = { uploads: [], sent: 0, sentBytes: 0, cancelled: 0, isDismissed: false };

  function change(next: Partial<Uploads>): void {
    state = { ...state, ...next };
    for (const listener of listeners) listener();
  }

  function find(id: number): Upload | undefined {
    return state.uploads.find((upload) => upload.id === id);
  }

  function withUpload(id: number, next: Partial<Upload>): Upload[] {
    return state.uploads.map((upload) => (upload.id === id ? { ...upload, ...next } : upload));
  }

  function forget(id: number): Upload[] {
    files.delete(id);
    digests.delete(id);
    senders.delete(id);
    return state.uploads.filter((upload) => upload.id !== id);
  }

  async function checkAll(): Promise<void> {
    if (isChecking) return;
    isChecking = true;
    for (let group = nextToCheck(); group.length > 0; group = nextToCheck()) {
      const answers = await check(group.map(({ file }) => file));
      group.forEach(({ id }, index) => {
        const answer = answers[index];
        if (find(id) && answer) settle(id, answer);
      });
      sendWaiting();
    }
    isChecking = false;
  }

  function nextToCheck(): { id: number; file: File }[] {
    const group: { id: number; file: File }[] = [];
    let bytes = 0;
    for (const { id, state: step, size } of state.uploads) {
      const file = files.get(id);
      if (step !== "checking" || !file) continue;
      if (group.length === CHECKED_FILES || (group.length > 0 && bytes + size > CHECKED_BYTES)) break;
      group.push({ id, file });
      bytes += size;
    }
    return group;
  }

  /** Skip a file whose content is in the gallery or on its way there; else let it wait for its turn. */
  function settle(id: number, { digest, known }: Checked): void {
    const isOnItsWay =
      digest !== null &&
      state.uploads.some((other) => other.id !== id && isActive(other) && digests.get(other.id) === digest);
    if (digest !== null) digests.set(id, digest);
    const isSkipped = isOnItsWay || known !== null;
    if (isSkipped) files.delete(id);
    change({ uploads: withUpload(id, { state: isSkipped ? "skipped" : "waiting", twin: known }) });
  }

  function sendWaiting(): void {
    const free = atOnce - state.uploads.filter((upload) => upload.state === "sending").length;
    const waiting = state.uploads.filter((upload) => upload.state === "waiting");
    for (const { id } of waiting.slice(0, Math.max(0, free))) {
      const file = files.get(id);
      if (file) void sendOne(id, file);
    }
  }

  async function sendOne(id: number, file: File): Promise<void> {
    const sender = new AbortController();
    senders.set(id, sender);
    change({ uploads: withUpload(id, { state: "sending" }) });
    const onProgress = (progress: number) => {
      change({ uploads: withUpload(id, { progress }) });
    };
    try {
      const image = await send(file, { onProgress, signal: sender.signal });
      await onSent(image, file);
      if (find(id)) {
        change({ uploads: forget(id), sent: state.sent + 1, sentBytes: state.sentBytes + file.size });
      }
    } catch (error) {
      if (!sender.signal.aborted) {
        const failed = { state: "failed", progress: 0, reason: reasonOf(error) } as const;
        change({ uploads: withUpload(id, failed), isDismissed: false });
      }
    }
    sendWaiting();
  }

  function cancelThose(ids: readonly number[]): void {
    for (const id of ids) {
      senders.get(id)?.abort();
      forget(id);
    }
    const gone = new Set(ids);
    change({
      uploads: state.uploads.filter((upload) => !gone.has(upload.id)),
      cancelled: state.cancelled + ids.length,
    });
    sendWaiting();
  }

  return {
    add(added) {
      const uploads = added.map((file): Upload => {
        lastId += 1;
        const reason = refusalOf(file);
        if (reason === null) files.set(lastId, file);
        return {
          id: lastId,
          filename: file.name,
          size: file.size,
          state: reason === null ? "checking" : "failed",
          progress: 0,
          reason,
          canRetry: reason === null,
          twin: null,
        };
      });
      change({ uploads: [...state.uploads, ...uploads], isDismissed: false });
      void checkAll();
    },
    retry(id) {
      change({ uploads: withUpload(id, { state: "waiting", reason: null }) });
      sendWaiting();
    },
    retryAll() {
      change({
        uploads: state.uploads.map((upload) =>
          upload.state === "failed" && upload.canRetry
            ? { ...upload, state: "waiting", reason: null }
            : upload,
        ),
      });
      sendWaiting();
    },
    cancel(id) {
      cancelThose([id]);
    },
    cancelAll() {
      cancelThose(state.uploads.filter(isActive).map(({ id }) => id));
    },
    dismiss() {
      for (const upload of state.uploads) if (!isActive(upload)) forget(upload.id);
      const uploads = state.uploads.filter(isActive);
      change({ uploads, sent: 0, sentBytes: 0, cancelled: 0, isDismissed: true });
    },
    getSnapshot: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** Whether a file waits for its turn or is being sent. */
export function isActive(upload: Upload): boolean {
  return upload.state !== "failed" && upload.state !== "skipped";
}

/** The share of all files that is through, 0 to 1. */
export function progressOf({ uploads, sentBytes }: Uploads): number {
  const active = uploads.filter(isActive);
  const through = active.reduce((sum, { size, progress }) => sum + size * progress, sentBytes);
  const all = active.reduce((sum, { size }) => sum + size, sentBytes);
  return all === 0 ? 0 : through / all;
}

function reasonOf(error: unknown): string {
  return error instanceof ApiError
    ? error.message
    : "The photo could not be read from this device. Try again.";
}
