/** What stays the same until something changes, for `useSyncExternalStore` and its likes. */
export abstract class Store<Snapshot extends object> {
  #snapshot: Snapshot;
  readonly #listeners = new Set<() => void>();

  constructor(initial: Snapshot) {
    this.#snapshot = initial;
  }

  /** What it is now; another object after each change. */
  readonly snapshot = (): Snapshot => this.#snapshot;

  /** Hears of each change; the first listener opens the store, and the last one closes it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.open();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.close();
    };
  };

  /** Whether somebody listens. */
  protected get watched(): boolean {
    return this.#listeners.size > 0;
  }

  protected abstract open(): void;
  protected abstract close(): void;

  protected change(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}
