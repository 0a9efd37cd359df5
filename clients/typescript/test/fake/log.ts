/** An entry in the log of a session. */
export interface LogEntry {
  cursor: string;
  event: { type: string; [field: string]: unknown };
}

/** The in-memory log of one session of the fake server, which can lose its last entries in a crash. */
export class FakeLog {
  readonly entries: LogEntry[] = [];
  #epochs: { epoch: number; start: number }[] = [{ epoch: 1, start: 0 }];
  #waiting: (() => void)[] = [];

  get cursor(): string {
    return this.entries.at(-1)?.cursor ?? "";
  }

  append(event: { type: string; [field: string]: unknown }): void {
    const { epoch } = this.#epochs.at(-1)!;
    this.entries.push({ cursor: `${epoch}.${this.entries.length}`, event: { at: 1_790_000_000_000, ...event } });
    this.wake();
  }

  /** Discards the last entries, as a crash does with entries that are not durable. */
  crash(lost: number): void {
    this.entries.length -= lost;
    this.#epochs.push({ epoch: this.#epochs.at(-1)!.epoch + 1, start: this.entries.length });
  }

  /** Returns the next entry for a reader with a cursor, and whether the reader has to be rewound. */
  resume(cursor: string | undefined): { next: number; rewound: boolean } | undefined {
    if (cursor === undefined) return { next: 0, rewound: false };
    const match = /^(\d+)\.(\d+)$/.exec(cursor);
    if (match === null) return undefined;
    const [epoch, offset] = [Number(match[1]), Number(match[2])];
    const known = this.#epochs.findIndex((other) => other.epoch === epoch);
    if (known < 0 || offset < this.#epochs[known]!.start) return undefined;
    const end = this.#epochs[known + 1]?.start;
    if (end !== undefined && end <= offset) return { next: end, rewound: true };
    return offset < this.entries.length ? { next: offset + 1, rewound: false } : undefined;
  }

  /** Waits for the next entry. */
  more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
