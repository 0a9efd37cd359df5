import { Detached, RunFailed, known, type BurdockError } from "./errors.ts";
import type { Cursor, TerminalEvent } from "./events.ts";
import { terminal, type Connection } from "./follow.ts";
import type { GrownBy, Growth } from "./grow.ts";
import { Growing, type PickChange } from "./growth.ts";
import type { Run } from "./run.ts";
import type { EventOf, RunOptions, Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Seen } from "./stream.ts";
import { Text, type Pick } from "./text.ts";
import type { AnyGraph, GraphTypes } from "./types.ts";

/** A run as it is shown. */
export interface RunView<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>> extends Growth<T> {
  /** Whether there is a run, and whether it is under way. */
  status: "idle" | "running" | "finished";
  /** The text of its items. */
  text: string;
  /** How it ended. */
  end: TerminalEvent<G["node"]> | undefined;
  connection: Connection;
  /** Why it failed, or cannot be followed. */
  error: BurdockError | undefined;
}

/** How a run is shown. */
export interface RunViewOptions<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>>
  extends Omit<RunOptions, "signal" | "onConnection"> {
  /** What of an item is text. */
  pick?: Pick<G["item"]>;
  /** Returns the change that an item is or has, which makes `value`: `changeOf`, for example. */
  grow?: PickChange<G["item"], T>;
  /** Hears of every event. */
  onEvent?: (event: Seen<EventOf<G>>) => void;
}

/** A run of which nothing was read. */
const EMPTY = { text: "", value: undefined, complete: false, end: undefined, error: undefined };

/** One run after the other, each as it goes. */
export class RunStore<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>> extends Store<RunView<G, T>> {
  readonly #session: Session<G>;
  options: RunViewOptions<G, T>;
  #run: Run<EventOf<G>, G["item"]> | undefined;
  #text = new Text<G["item"]>();
  #growing: Growing<G["item"], T> | undefined;
  #left = false;

  constructor(session: Session<G>, options: RunViewOptions<G, T> = {}) {
    super({ status: "idle", ...EMPTY, connection: "connecting" });
    this.#session = session;
    this.options = options;
  }

  /** Begins a run. */
  readonly start = (inputs: G["inputs"]): void => {
    this.#begin((options) => this.#session.run(inputs, options));
  };

  /** Goes on with an unfinished run. */
  readonly resume = (): void => {
    this.#begin((options) => this.#session.resume(options));
  };

  /** Stops the run; whether that was taken. */
  readonly stop = async (): Promise<boolean> => {
    try {
      await this.#run?.stop();
      return this.#run !== undefined;
    } catch (error) {
      this.change({ error: known(error) });
      return false;
    }
  };

  protected override open(): void {
    const run = this.#run;
    if (this.#left && run !== undefined) void this.#show((options) => run.rest(options));
    this.#left = false;
  }

  protected override close(): void {
    this.#left = this.snapshot().status === "running";
    this.#run?.detach();
  }

  #begin(begin: Begin<G>): void {
    this.#run?.detach();
    this.#left = false;
    const { pick, grow } = this.options;
    this.#text = new Text(pick);
    this.#growing = grow && new Growing(grow);
    this.change({ status: "running", ...EMPTY });
    void this.#show(begin);
  }

  async #show(begin: Begin<G>): Promise<void> {
    const onConnection = (connection: Connection) => {
      if (this.#run === run) this.change({ connection });
    };
    // who looks at a page waits for its server, however long that takes
    const reconnect = { attempts: Number.POSITIVE_INFINITY, ...this.options.reconnect };
    const run = begin({ ...this.options, reconnect, onConnection });
    this.#run = run;
    try {
      for await (const event of run) {
        if (this.#run !== run) return; // another one took its place
        this.#take(event, run.cursor);
      }
    } catch (error) {
      if (this.#run !== run || error instanceof Detached) return;
      this.change({ status: "finished", error: known(error) });
    }
  }

  #take(event: Seen<EventOf<G>>, cursor: Cursor | undefined): void {
    this.options.onEvent?.(event);
    const change = this.#text.take({ event, cursor });
    if (change !== undefined) this.change({ text: change.text });
    if (this.#growing?.take({ event, cursor })) {
      const { value, complete } = this.#growing.grown;
      this.change({ value, complete });
    }
    const end = terminal(event) as TerminalEvent<G["node"]> | undefined;
    if (end !== undefined) this.change({ status: "finished", end, error: failure(end) });
  }
}

type Begin<G extends GraphTypes> = (options: RunOptions) => Run<EventOf<G>, G["item"]>;

function failure(end: TerminalEvent): RunFailed | undefined {
  return end.type === "run_failed" ? new RunFailed(end) : undefined;
}
