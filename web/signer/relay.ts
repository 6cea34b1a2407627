// The way from a frame that sees no storage to a window of ours, and back. Both are pages of this origin: each listens to the
// other window object alone, so no third one can speak.
import type { Refusal, Result } from "./protocol.ts";
import type { Answering, AppRequest } from "./session.ts";

/** From the frame to the window. */
export type ToWindow = { sigma: "ask"; key: number; request: AppRequest } | { sigma: "bye" };

/** From the window to the frame. */
export type ToFrame =
  | { sigma: "ready" }
  | { sigma: "answer"; key: number; result: Result }
  | { sigma: "refusal"; key: number; refusal: Refusal }
  | { sigma: "attention"; key: number }
  | { sigma: "rest" };

/** What the frame shows meanwhile. */
export interface Waiting {
  attention(request: AppRequest): void;
  rest(): void;
}

/** Requests that a window may have at once. */
const MOST_WAITING = 20;
const WATCH_MS = 400;

/** The frame's end. */
export class Relay {
  readonly #answering: Answering;
  readonly #waiting: Waiting;
  readonly #requests = new Map<number, AppRequest>();
  #window: Window | null = null;
  #isReady = false;
  #key = 0;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(answering: Answering, waiting: Waiting) {
    this.#answering = answering;
    this.#waiting = waiting;
    addEventListener("message", (event: MessageEvent<ToFrame>) => {
      if (this.#window === null || event.source !== this.#window || event.origin !== location.origin) return;
      this.#receive(event.data);
    });
  }

  /** Whether a window is there to answer. */
  get isOpen(): boolean {
    return this.#window !== null && !this.#window.closed;
  }

  /** Opens the window, on a click; returns whether the browser allowed it. */
  open(): boolean {
    if (this.isOpen) return true;
    this.#isReady = false;
    this.#window = window.open(`${location.pathname}#window`, "_blank", "popup,width=460,height=760");
    clearInterval(this.#watch);
    if (this.#window) this.#watch = setInterval(() => this.#check(), WATCH_MS);
    return this.#window !== null;
  }

  /** Brings the window to the front, on a click. */
  focus(): void {
    this.#window?.focus();
  }

  /** Passes a request on. */
  submit(request: AppRequest): void {
    if (this.#requests.size >= MOST_WAITING) return this.#answering.refuse(request, "too-many");
    this.#key += 1;
    this.#requests.set(this.#key, request);
    if (this.#isReady) this.#post({ sigma: "ask", key: this.#key, request });
    else this.#waiting.attention(request);
  }

  /** Closes the window; what waits is refused. */
  close(): void {
    this.#post({ sigma: "bye" });
    this.#end();
  }

  #receive(message: ToFrame): void {
    if (message.sigma === "ready") {
      this.#isReady = true;
      for (const [key, request] of this.#requests) this.#post({ sigma: "ask", key, request });
      return;
    }
    if (message.sigma === "rest") return this.#waiting.rest();
    const request = this.#requests.get(message.key);
    if (!request) return;
    if (message.sigma === "attention") return this.#waiting.attention(request);
    this.#requests.delete(message.key);
    if (message.sigma === "answer") this.#answering.answer(request, message.result);
    else this.#answering.refuse(request, message.refusal);
  }

  /** A window that was closed answers nothing any more, and one that takes too long is not waited for. */
  #check(): void {
    if (!this.isOpen) return this.#end();
    for (const [key, request] of this.#requests) {
      if (Date.now() < request.deadline) continue;
      this.#requests.delete(key);
      this.#answering.refuse(request, "timed-out");
      if (this.#requests.size === 0) this.#waiting.rest();
    }
  }

  #end(): void {
    clearInterval(this.#watch);
    this.#window = null;
    for (const request of this.#requests.values()) this.#answering.refuse(request, "denied");
    this.#requests.clear();
    this.#waiting.rest();
  }

  #post(message: ToWindow): void {
    if (this.isOpen) this.#window?.postMessage(message, { targetOrigin: location.origin });
  }
}
