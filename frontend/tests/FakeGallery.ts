import { vi } from "vitest";
import type {
  Activity,
  ActivityStep,
  Edit,
  Image,
  LabelCount,
  Page,
  Similar,
  Status,
  Verdict,
} from "../src/api";
import { anImage, aPendingImage } from "./anImage";

/** A file that the page sent, as it came over the wire. */
export interface SentFile {
  url: string;
  headers: Record<string, string>;
  body: unknown;
  /** Whether the page broke it off. */
  isAborted: boolean;
  /** Report how much is through, 0 to 1. */
  progress: (share: number) => void;
  /** Answer as the gallery would. */
  answer: () => void;
}

const BAD_CURSOR = { type: "/problems/bad-cursor", title: "Bad", status: 400, detail: "Leave it out." };
const NOT_FOUND = {
  type: "/problems/not-found",
  title: "Gone",
  status: 404,
  detail: "There is no such photo.",
};
const UNAUTHORIZED = {
  type: "/problems/unauthorized",
  title: "The access token is needed",
  status: 401,
  detail: "This needs the gallery's access token.",
};
const BUCKET = "http://bucket/";

/** A gallery behind `fetch` and `XMLHttpRequest`, as DESIGN.md describes it. */
export class FakeGallery {
  /** Newest first. */
  images: Image[];
  model: Status["model"] = { name: "imagenet", version: "1" };
  upgrade: Status["upgrade"] = null;
  /** What the gallery finds to be like any photo. */
  similar: Similar[] = [];
  /** What it did lately, oldest first. */
  activity: ActivityStep[] = [];
  /** How many messages wait in its queues. */
  queue: Status["queue"] = { waiting: 0, dead_letters: 0 };
  isDown = false;
  /** Whether the bucket takes no forms, as behind a proxy that only lets the API through. */
  isBucketDown = false;
  /** Milliseconds until a request is answered. */
  latencyMs = 0;
  /** What requests are answered with that change something; null where they succeed. */
  refusal: { status: number; detail: string } | null = null;
  /** What has to be shown; null in a gallery that is open. */
  token: string | null = null;
  /** Whether everyone may look, where there is a token. */
  isPublic = false;
  isSignedIn = false;
  /** Whether cursors that were given out are still good. */
  knowsCursors = true;
  /** Whether files wait for a test to answer them. */
  isHolding = false;
  /** Whether files that were posted to the bucket have got a record. */
  findsPosted = true;
  sent: SentFile[] = [];
  /** Method and address of each request. */
  requests: string[] = [];
  /** JSON bodies of the requests to POST /api/uploads. */
  signed: { filename: string; content_type: string; size: number }[] = [];
  /** The ids of each request to POST /api/images/delete, and whether it outlives the page. */
  deletions: { ids: string[]; keepalive: boolean }[] = [];

  constructor(images: Image[] = []) {
    this.images = images;
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) => this.#fetch(url, init));
    const take = (file: SentFile) => this.#take(file);
    const receive = (file: SentFile) => {
      this.sent.push(file);
      if (!this.isHolding) setTimeout(file.answer);
    };
    vi.stubGlobal(
      "XMLHttpRequest",
      class {
        upload: { onprogress?: (event: Partial<ProgressEvent>) => void } = {};
        onload?: () => void;
        onerror?: () => void;
        onloadend?: () => void;
        status = 0;
        responseText = "";
        #url = "";
        #headers: Record<string, string> = {};
        #file: SentFile | undefined;

        open(_method: string, url: string) {
          this.#url = url;
        }

        setRequestHeader(name: string, value: string) {
          this.#headers[name] = value;
        }

        abort() {
          if (this.#file) this.#file.isAborted = true;
        }

        send(body: unknown) {
          const file: SentFile = {
            url: this.#url,
            headers: this.#headers,
            body,
            isAborted: false,
            progress: (share) => {
              this.upload.onprogress?.({ lengthComputable: true, loaded: share * 1000, total: 1000 });
            },
            answer: () => {
              if (file.isAborted) return;
              const answer = take(file);
              if (answer) {
                this.status = answer.status;
                this.responseText = answer.text;
                this.onload?.();
              } else this.onerror?.();
              this.onloadend?.();
            },
          };
          this.#file = file;
          receive(file);
        }
      },
    );
  }

  /** Put a photo into the gallery, as any S3 client may. */
  add(image: Image): void {
    this.images = [image, ...this.images];
  }

  /** Change a photo that is in the gallery. */
  change(id: string, fields: Partial<Image>): void {
    this.images = this.images.map((image) => (image.id === id ? { ...image, ...fields } : image));
  }

  /** Caption the pending photo. */
  finish(id: string, caption: string): void {
    this.change(id, { ...anImage({ id }), caption, created_at: this.#find(id).created_at });
  }

  remove(id: string): void {
    this.images = this.images.filter((image) => image.id !== id);
  }

  #find(id: string): Image {
    const image = this.images.find((candidate) => candidate.id === id);
    if (!image) throw new Error(`There is no ${id}.`);
    return image;
  }

  async #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const method = init.method ?? "GET";
    this.requests.push(`${method} ${url}`);
    await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    if (init.signal?.aborted) throw new DOMException("Aborted", "AbortError");
    if (this.isDown) throw new TypeError("Failed to fetch");
    const { pathname, searchParams } = new URL(url, "http://gallery");
    if (!pathname.startsWith("/api/")) return new Response(`the sample at ${pathname}`);
    const route = pathname.replace("/api", "");
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : null;
    if (route === "/session") return this.#session(method, body);
    if (!this.#admits(method)) return Response.json(UNAUTHORIZED, { status: 401 });
    if (method === "GET") return this.#get(route, searchParams);
    if (route === "/images/known") return Response.json({ known: this.#known(body) });
    if (this.refusal) return this.#problem();
    switch (`${method} ${route}`) {
      case "POST /uploads":
        return Response.json(this.#sign(body), { status: 201 });
      case "POST /images/delete":
        return Response.json(this.#delete(body, init.keepalive ?? false));
    }
    const [, , id = "", action = ""] = route.split("/");
    if (!this.images.some((image) => image.id === id)) return Response.json(NOT_FOUND, { status: 404 });
    switch (`${method} ${action}`) {
      case "PATCH ":
        this.#edit(id, body as Edit);
        return Response.json(this.#find(id));
      case "POST feedback": {
        const { verdict } = body as { verdict: Verdict };
        const { feedback } = this.#find(id);
        this.change(id, { feedback: { ...feedback, [verdict]: feedback[verdict] + 1 } });
        return Response.json(this.#find(id), { status: 201 });
      }
      case "POST retry":
        this.change(id, { ...aPendingImage({ id }), created_at: this.#find(id).created_at });
        return Response.json(this.#find(id), { status: 202 });
    }
    throw new Error(`The gallery has no ${method} ${url}.`);
  }

  #session(method: string, body: unknown): Response {
    const isRequired = this.token !== null;
    if (method === "GET") {
      const signed_in = isRequired && this.isSignedIn;
      return Response.json({ required: isRequired, public_read: !isRequired || this.isPublic, signed_in });
    }
    if (method === "POST" && (body as { token: string }).token !== this.token) {
      return Response.json(
        { ...UNAUTHORIZED, detail: "This is not the gallery's access token." },
        { status: 401 },
      );
    }
    this.isSignedIn = method === "POST";
    return new Response(null, { status: 204 });
  }

  #admits(method: string): boolean {
    return this.token === null || this.isSignedIn || (this.isPublic && method === "GET");
  }

  #get(route: string, query: URLSearchParams): Response {
    if (route === "/status") return Response.json(this.#status());
    if (route === "/activity") return Response.json(this.#activity(query));
    if (route === "/labels") return Response.json({ items: this.#labels(query) });
    if (query.has("cursor") && !this.knowsCursors) return Response.json(BAD_CURSOR, { status: 400 });
    if (route === "/images") return Response.json(this.#list(query));
    const [, , id = "", action] = route.split("/");
    if (!this.images.some((image) => image.id === id)) return Response.json(NOT_FOUND, { status: 404 });
    return Response.json(action === "similar" ? { items: this.similar } : this.#find(id));
  }

  #list(query: URLSearchParams): Page {
    const ids = query.get("ids")?.split(",");
    if (ids) return { items: this.images.filter((image) => ids.includes(image.id)), next: null };
    const limit = Number(query.get("limit") ?? 50);
    // A place in the gallery, whatever is found there.
    const start = Number(query.get("cursor") ?? 0);
    const found = this.images.filter((image, index) => index >= start && isFound(image, query));
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items,
      next: last && found.length > limit ? String(this.images.indexOf(last) + 1) : null,
    };
  }

  #labels(query: URLSearchParams): LabelCount[] {
    const beginning = query.get("q") ?? "";
    const counts = new Map<string, number>();
    for (const { labels } of this.images) {
      for (const { name } of labels) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts]
      .map(([name, count]) => ({ name, count }))
      .filter(({ name }) => wordsOf(name).some((word) => word.startsWith(beginning.toLowerCase())))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      .slice(0, Number(query.get("limit") ?? 100));
  }

  #known(body: unknown): Record<string, string> {
    const { sha256 } = body as { sha256: string[] };
    const known = this.images.filter(
      (image) => image.sha256 !== null && image.status !== "failed" && sha256.includes(image.sha256),
    );
    return Object.fromEntries(known.map((image) => [image.sha256 ?? "", image.id]));
  }

  #sign(body: unknown): unknown {
    this.signed.push(body as (typeof this.signed)[number]);
    const key = String(this.signed.length - 1);
    return { id: `posted${key}`, url: BUCKET, fields: { key, policy: "p" }, expires_at: "" };
  }

  #delete(body: unknown, keepalive: boolean): { deleted: string[]; missing: string[] } {
    const { ids } = body as { ids: string[] };
    this.deletions.push({ ids, keepalive });
    const deleted = ids.filter((id) => this.images.some((image) => image.id === id));
    for (const id of ids) this.remove(id);
    return { deleted, missing: ids.filter((id) => !deleted.includes(id)) };
  }

  #edit(id: string, { caption, labels }: Edit): void {
    const { edited, filename } = this.#find(id);
    if (caption !== undefined) {
      const isPerson = caption !== null;
      this.change(id, {
        caption: caption ?? `the model's words for ${filename}`,
        caption_source: isPerson ? "person" : "model",
        edited: { ...edited, caption: isPerson },
      });
    }
    if (labels !== undefined) {
      this.change(id, {
        labels: labels
          ? labels.map((name) => ({ name, score: 1, source: "person" }))
          : [{ name: "tabby cat", score: 0.873, source: "model" }],
        edited: { ...this.#find(id).edited, labels: labels !== null },
      });
    }
  }

  #status(): Status {
    const counts = { pending: 0, ready: 0, failed: 0 };
    const feedback = { right: 0, wrong: 0 };
    for (const image of this.images) {
      counts[image.status] += 1;
      feedback.right += image.feedback.right;
      feedback.wrong += image.feedback.wrong;
    }
    return {
      counts,
      queue: this.queue,
      feedback,
      model: this.model,
      upgrade: this.upgrade,
      version: "1",
    };
  }

  #activity(query: URLSearchParams): Activity {
    const minutes = Number(query.get("minutes"));
    return { minutes, step_seconds: minutes > 60 ? 600 : 60, per_minute: 31.6, items: this.activity };
  }

  #take({ url, headers, body }: SentFile): { status: number; text: string } | null {
    if (this.isDown || (url === BUCKET && this.isBucketDown)) return null;
    if (this.refusal) return { status: this.refusal.status, text: JSON.stringify(this.refusal) };
    if (url !== BUCKET && !this.#admits("POST")) return { status: 401, text: JSON.stringify(UNAUTHORIZED) };
    if (url === BUCKET) {
      const key = Number((body as FormData).get("key"));
      const { filename = "", size: bytes = 0 } = this.signed[key] ?? {};
      const created_at = new Date().toISOString();
      if (this.findsPosted) this.add(aPendingImage({ id: `posted${key}`, filename, bytes, created_at }));
      return { status: 204, text: "" };
    }
    const image = aPendingImage({ filename: decodeURIComponent(headers["X-Filename"] ?? "") });
    image.bytes = (body as File).size;
    this.add(image);
    return { status: 202, text: JSON.stringify(image) };
  }

  #problem(): Response {
    return Response.json(this.refusal, {
      status: this.refusal?.status ?? 500,
      headers: { "Content-Type": "application/problem+json" },
    });
  }
}

function isFound({ caption, filename, labels, status }: Image, query: URLSearchParams): boolean {
  const names = labels.map(({ name }) => name);
  const label = query.get("label");
  if (label !== null && !names.includes(label)) return false;
  if (query.has("status") && query.get("status") !== status) return false;
  const words = wordsOf([caption, filename, ...names].join(" "));
  const wanted = wordsOf(query.get("q") ?? "");
  return wanted.every((word, index) =>
    words.some((given) => (index === wanted.length - 1 ? given.startsWith(word) : given === word)),
  );
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
