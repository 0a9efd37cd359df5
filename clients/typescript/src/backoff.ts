/** How a stream comes back after its connection was lost. */
export interface Reconnect {
  /** How often it tries in a row without having got further, before it throws. 12: a minute or so. */
  attempts?: number;
  /** The delay before the first try, in milliseconds; the server's `retry` unless given. */
  delay?: number;
  /** The longest delay, in milliseconds. */
  maxDelay?: number;
  /** After how long without a byte a connection counts as dead; servers send one every 15 s. */
  silence?: number;
  /** From 0 to 1; for tests. */
  random?: () => number;
}

/** Delays that double, each cut by chance, so that clients do not come back all at once. */
export class Backoff {
  readonly silence: number;
  readonly #given: Reconnect;
  #suggested = 1000;
  #failures = 0;

  constructor(given: Reconnect = {}) {
    this.#given = given;
    this.silence = given.silence ?? 45_000;
  }

  /** The server's `retry`. */
  suggest(delay: number): void {
    this.#suggested = delay;
  }

  /** The stream got further. */
  reset(): void {
    this.#failures = 0;
  }

  /** How long to wait before the next try; undefined when there is none. */
  next(atLeast = 0): number | undefined {
    if (this.#failures >= (this.#given.attempts ?? 12)) return undefined;
    const first = this.#given.delay ?? this.#suggested;
    const most = Math.min(this.#given.maxDelay ?? 15_000, first * 2 ** this.#failures);
    this.#failures += 1;
    return Math.max(atLeast, most * (this.#given.random ?? Math.random)());
  }
}

/** Waits; less long when the browser says that it is online again. */
export function wait(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const page = typeof window === "undefined" ? undefined : window;
    const over = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      page?.removeEventListener("online", online);
      settle();
    };
    const aborted = () => over(() => reject(signal.reason));
    const online = () => over(resolve);
    const timer = setTimeout(online, delay);
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted);
    page?.addEventListener("online", online);
  });
}
