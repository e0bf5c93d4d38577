import { vi } from "vitest";
import type { Image, Page, Status } from "../src/api";
import { anImage, aPendingImage } from "./anImage";

/** A file that the page sent, as it came over the wire. */
export interface SentFile {
  url: string;
  headers: Record<string, string>;
  body: unknown;
  /** Report how much is through, 0 to 1. */
  progress: (share: number) => void;
  /** Answer as the gallery would. */
  answer: () => void;
}

const BAD_CURSOR = { type: "/problems/bad-cursor", title: "Bad", status: 400, detail: "Leave it out." };

/** A gallery behind `fetch` and `XMLHttpRequest`, as DESIGN.md describes it. */
export class FakeGallery {
  /** Newest first. */
  images: Image[];
  model: Status["model"] = { name: "imagenet", version: "1" };
  upgrade: Status["upgrade"] = null;
  isDown = false;
  /** Milliseconds until a request is answered. */
  latencyMs = 0;
  /** What requests are answered with that change something; null where they succeed. */
  refusal: { status: number; detail: string } | null = null;
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
  signed: unknown[] = [];

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
        status = 0;
        responseText = "";
        #url = "";
        #headers: Record<string, string> = {};

        open(_method: string, url: string) {
          this.#url = url;
        }

        setRequestHeader(name: string, value: string) {
          this.#headers[name] = value;
        }

        send(body: unknown) {
          const file: SentFile = {
            url: this.#url,
            headers: this.#headers,
            body,
            progress: (share) => {
              this.upload.onprogress?.({ lengthComputable: true, loaded: share * 1000, total: 1000 });
            },
            answer: () => {
              const answer = take(file);
              if (!answer) {
                this.onerror?.();
                return;
              }
              this.status = answer.status;
              this.responseText = answer.text;
              this.onload?.();
            },
          };
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
    if (this.isDown) throw new TypeError("Failed to fetch");
    const { pathname, searchParams } = new URL(url, "http://gallery");
    if (method === "GET" && pathname === "/api/status") return Response.json(this.#status());
    if (searchParams.has("cursor") && !this.knowsCursors) return Response.json(BAD_CURSOR, { status: 400 });
    if (method === "GET" && pathname === "/api/images") return Response.json(this.#list(searchParams));
    if (this.refusal) return this.#problem();
    if (method === "POST" && pathname === "/api/uploads") {
      this.signed.push(JSON.parse(init.body as string));
      return Response.json(
        { id: "large", url: "http://bucket/", fields: { key: "uploads/a", policy: "p" }, expires_at: "" },
        { status: 201 },
      );
    }
    if (method === "DELETE") {
      this.remove(pathname.split("/").at(-1) ?? "");
      return new Response(null, { status: 204 });
    }
    throw new Error(`The gallery has no ${method} ${url}.`);
  }

  #list(query: URLSearchParams): Page {
    const ids = query.get("ids")?.split(",");
    if (ids) return { items: this.images.filter((image) => ids.includes(image.id)), next: null };
    const limit = Number(query.get("limit") ?? 50);
    const start = Number(query.get("cursor") ?? 0);
    const end = start + limit;
    return { items: this.images.slice(start, end), next: end < this.images.length ? String(end) : null };
  }

  #status(): Status {
    const counts = { pending: 0, ready: 0, failed: 0 };
    for (const { status } of this.images) counts[status] += 1;
    return {
      counts,
      queue: { waiting: 0, dead_letters: 0 },
      model: this.model,
      upgrade: this.upgrade,
      version: "1",
    };
  }

  #take({ url, headers, body }: SentFile): { status: number; text: string } | null {
    if (this.isDown) return null;
    if (this.refusal) return { status: this.refusal.status, text: JSON.stringify(this.refusal) };
    if (url !== "/api/images") {
      if (this.findsPosted) this.add(aPendingImage({ id: "large", filename: "large.jpg" }));
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
