/** How a stream reconnects after its connection is lost. */
export interface ReconnectOptions {
  /** Number of failed attempts in a row before the stream throws. Defaults to 12, about a minute. */
  attempts?: number;
  /** Delay before the first attempt, in milliseconds. Defaults to the server's `retry`, or 1000 without one. */
  delay?: number;
  /** Longest delay between attempts, in milliseconds. Defaults to 15 000. */
  maxDelay?: number;
  /**
   * Time without a byte after which a connection is considered dead, in milliseconds. Defaults to 45 000;
   * servers send a keep-alive every 15 s.
   */
  idleTimeout?: number;
  /** Source of random numbers from 0 to 1, for tests. Defaults to `Math.random`. */
  random?: () => number;
}

/** Exponential backoff with jitter, so that clients do not reconnect all at once. */
export class Backoff {
  readonly idleTimeout: number;
  readonly #options: ReconnectOptions;
  #suggested = 1000;
  #failures = 0;

  constructor(options: ReconnectOptions = {}) {
    this.#options = options;
    this.idleTimeout = options.idleTimeout ?? 45_000;
  }

  /** Sets the first delay to the server's `retry`, unless the caller has set one. */
  suggest(delay: number): void {
    this.#suggested = delay;
  }

  /** Resets the number of failures: the stream has made progress. */
  reset(): void {
    this.#failures = 0;
  }

  /** Returns the delay before the next attempt; undefined if there are no attempts left. */
  next(atLeast = 0): number | undefined {
    if (this.#failures >= (this.#options.attempts ?? 12)) return undefined;
    const first = this.#options.delay ?? this.#suggested;
    const most = Math.min(this.#options.maxDelay ?? 15_000, first * 2 ** this.#failures);
    this.#failures += 1;
    return Math.max(atLeast, most * (this.#options.random ?? Math.random)());
  }
}

/** Waits for `delay` milliseconds, or until the browser is online again. */
export function wait(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const page = typeof window === "undefined" ? undefined : window;
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      page?.removeEventListener("online", online);
      settle();
    };
    const aborted = () => finish(() => reject(signal.reason));
    const online = () => finish(resolve);
    const timer = setTimeout(online, delay);
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted);
    page?.addEventListener("online", online);
  });
}
