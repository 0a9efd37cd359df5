/** A store with immutable snapshots, for `useSyncExternalStore` and similar functions. */
export abstract class Store<Snapshot extends object> {
  #snapshot: Snapshot;
  readonly #listeners = new Set<() => void>();

  constructor(initial: Snapshot) {
    this.#snapshot = initial;
  }

  /** Returns the current snapshot; each change creates a new object. */
  readonly snapshot = (): Snapshot => this.#snapshot;

  /** Calls `listener` after each change. The first listener opens the store, and the last one closes it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.open();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.close();
    };
  };

  /** Whether the store has listeners. */
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
