/** Files on their way to the gallery, a few at a time. Free of React. */

import { ApiError, type Image, type OnProgress } from "../api";
import { refusalOf } from "./photoFile";

/** A file on its way. Those that arrived are only counted. */
export interface Upload {
  id: number;
  filename: string;
  state: "waiting" | "sending" | "failed";
  /** The share that is through, 0 to 1. */
  progress: number;
  /** Why it failed. */
  reason: string | null;
  /** Whether another attempt may go better; not so for files that are no photos. */
  canRetry: boolean;
}

export interface Uploads {
  /** In the order they were added. */
  uploads: readonly Upload[];
  /** How many photos arrived since the list was last dismissed. */
  sent: number;
  /** Whether the list was dismissed; it comes back with the next file or failure. */
  isDismissed: boolean;
}

export interface UploadQueue {
  add: (files: readonly File[]) => void;
  retry: (id: number) => void;
  /** Forget what failed and what arrived; what is on its way goes on. */
  dismiss: () => void;
  getSnapshot: () => Uploads;
  /** Have `listener` called after each change; gives the way to stop that. */
  subscribe: (listener: () => void) => () => void;
}

export interface UploadQueueOptions {
  send: (file: File, onProgress: OnProgress) => Promise<Image>;
  onSent: (image: Image) => void;
  /** How many files are sent at the same time. */
  atOnce?: number;
}

export function createUploadQueue({ send, onSent, atOnce = 3 }: UploadQueueOptions): UploadQueue {
  const files = new Map<number, File>();
  const listeners = new Set<() => void>();
  let lastId = 0;
  let state: Uploads = { uploads: [], sent: 0, isDismissed: false };

  function change(next: Partial<Uploads>): void {
    state = { ...state, ...next };
    for (const listener of listeners) listener();
  }

  function withUpload(id: number, next: Partial<Upload>): Upload[] {
    return state.uploads.map((upload) => (upload.id === id ? { ...upload, ...next } : upload));
  }

  function sendWaiting(): void {
    const free = atOnce - state.uploads.filter((upload) => upload.state === "sending").length;
    const waiting = state.uploads.filter((upload) => upload.state === "waiting");
    for (const { id } of waiting.slice(0, free)) {
      const file = files.get(id);
      if (file) void sendOne(id, file);
    }
  }

  async function sendOne(id: number, file: File): Promise<void> {
    change({ uploads: withUpload(id, { state: "sending" }) });
    try {
      const image = await send(file, (progress) => {
        change({ uploads: withUpload(id, { progress }) });
      });
      files.delete(id);
      change({ uploads: state.uploads.filter((upload) => upload.id !== id), sent: state.sent + 1 });
      onSent(image);
    } catch (error) {
      change({
        uploads: withUpload(id, { state: "failed", progress: 0, reason: reasonOf(error) }),
        isDismissed: false,
      });
    }
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
          state: reason === null ? "waiting" : "failed",
          progress: 0,
          reason,
          canRetry: reason === null,
        };
      });
      change({ uploads: [...state.uploads, ...uploads], isDismissed: false });
      sendWaiting();
    },
    retry(id) {
      change({ uploads: withUpload(id, { state: "waiting", reason: null }) });
      sendWaiting();
    },
    dismiss() {
      for (const upload of state.uploads) if (upload.state === "failed") files.delete(upload.id);
      change({ uploads: state.uploads.filter(isActive), sent: 0, isDismissed: true });
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
  return upload.state !== "failed";
}

function reasonOf(error: unknown): string {
  return error instanceof ApiError
    ? error.message
    : "The photo could not be read from this device. Try again.";
}
