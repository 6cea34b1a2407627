// Whether the person could see what they agree to: an app's page controls the frame, and could cover it or show it for a moment.

/** How long everything must have been visible before a click counts. */
const LONG_ENOUGH_MS = 500;

/** The second version of the interface also tells whether anything covers or distorts an element. */
interface Observed extends IntersectionObserverEntry {
  isVisible?: boolean;
}

/** Watches some elements, and tells when all of them have been visible for half a second. */
export class Seen {
  readonly #elements: readonly Element[];
  readonly #changed: (isSeen: boolean) => void;
  readonly #visible = new Set<Element>();
  #observer: IntersectionObserver | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since: number | undefined;

  constructor(elements: readonly Element[], changed: (isSeen: boolean) => void) {
    this.#elements = elements;
    this.#changed = changed;
  }

  /** Begins anew: nothing counts as seen. */
  start(): void {
    this.stop();
    // `trackVisibility` needs a delay of at least 100 ms; browsers without it ignore both.
    const options = { threshold: 1, trackVisibility: true, delay: 100 } as IntersectionObserverInit;
    this.#observer = new IntersectionObserver((entries) => this.#observe(entries), options);
    for (const element of this.#elements) this.#observer.observe(element);
  }

  /** Stops watching. */
  stop(): void {
    this.#observer?.disconnect();
    this.#visible.clear();
    this.#set(false);
  }

  /** Whether all elements have been visible for long enough, right now. */
  get isSeen(): boolean {
    return this.#since !== undefined && performance.now() - this.#since >= LONG_ENOUGH_MS;
  }

  #observe(entries: Observed[]): void {
    for (const entry of entries) {
      const isVisible = entry.isIntersecting && entry.intersectionRatio >= 0.99 && (entry.isVisible ?? true);
      if (isVisible) this.#visible.add(entry.target);
      else this.#visible.delete(entry.target);
    }
    this.#set(this.#visible.size === this.#elements.length);
  }

  #set(isVisible: boolean): void {
    if (isVisible === (this.#since !== undefined)) return;
    clearTimeout(this.#timer);
    this.#since = isVisible ? performance.now() : undefined;
    if (isVisible) this.#timer = setTimeout(() => this.#changed(true), LONG_ENOUGH_MS + 10);
    else this.#changed(false);
  }
}
