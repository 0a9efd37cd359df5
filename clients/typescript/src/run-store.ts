import { DetachedError, RunFailedError, toBurdockError, type BurdockError } from "./errors.ts";
import type { Cursor, TerminalEvent } from "./events.ts";
import { terminal, type Connection } from "./follow.ts";
import type { GrownBy, Growth } from "./grow.ts";
import { GrowingValue, type PickChange } from "./growth.ts";
import type { Run } from "./run.ts";
import type { EventOf, RunOptions, Session } from "./session.ts";
import { Store } from "./store.ts";
import type { DeliveredEvent } from "./stream.ts";
import { Text, type PickText } from "./text.ts";
import type { AnyGraph, GraphTypes } from "./types.ts";

/** A snapshot of a run for display. */
export interface RunView<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>> extends Growth<T> {
  /** `idle`: no run has been started. */
  status: "idle" | "running" | "finished";
  /** Text of the items. */
  text: string;
  /** Terminal event. */
  end: TerminalEvent<G["node"]> | undefined;
  connection: Connection;
  /** Error of the run, or of the stream that follows it. */
  error: BurdockError | undefined;
}

/** Options of a `RunStore`. */
export interface RunViewOptions<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>>
  extends Omit<RunOptions, "signal" | "onConnection"> {
  /** Returns the text of an item. Defaults to the item if it is a string, or to its `text`. */
  pick?: PickText<G["item"]>;
  /** Returns the change of an item, for example `changeOf`. Without it, `value` stays undefined. */
  grow?: PickChange<G["item"], T>;
  /** Called for every event. */
  onEvent?: (event: DeliveredEvent<EventOf<G>>) => void;
}

/** The fields of a run without events. */
const EMPTY = { text: "", value: undefined, complete: false, end: undefined, error: undefined };

/** A store that starts runs and follows the latest one. */
export class RunStore<G extends GraphTypes = AnyGraph, T = GrownBy<G["item"]>> extends Store<RunView<G, T>> {
  readonly #session: Session<G>;
  options: RunViewOptions<G, T>;
  #run: Run<EventOf<G>, G["item"]> | undefined;
  #text = new Text<G["item"]>();
  #value: GrowingValue<G["item"], T> | undefined;
  #detached = false;

  constructor(session: Session<G>, options: RunViewOptions<G, T> = {}) {
    super({ status: "idle", ...EMPTY, connection: "connecting" });
    this.#session = session;
    this.options = options;
  }

  /** Starts a run. */
  readonly start = (inputs: G["inputs"]): void => {
    this.#follow((options) => this.#session.run(inputs, options));
  };

  /** Resumes an unfinished run. */
  readonly resume = (): void => {
    this.#follow((options) => this.#session.resume(options));
  };

  /** Stops the run. Returns whether the server accepted the request. */
  readonly stop = async (): Promise<boolean> => {
    try {
      await this.#run?.stop();
      return this.#run !== undefined;
    } catch (error) {
      this.change({ error: toBurdockError(error) });
      return false;
    }
  };

  protected override open(): void {
    const run = this.#run;
    if (this.#detached && run !== undefined) void this.#read((options) => run.reattach(options));
    this.#detached = false;
  }

  protected override close(): void {
    this.#detached = this.snapshot().status === "running";
    this.#run?.detach();
  }

  #follow(open: OpenRun<G>): void {
    this.#run?.detach();
    this.#detached = false;
    const { pick, grow } = this.options;
    this.#text = new Text(pick);
    this.#value = grow && new GrowingValue(grow);
    this.change({ status: "running", ...EMPTY });
    void this.#read(open);
  }

  async #read(open: OpenRun<G>): Promise<void> {
    const onConnection = (connection: Connection) => {
      if (this.#run === run) this.change({ connection });
    };
    // a page keeps trying to reach its server
    const reconnect = { attempts: Number.POSITIVE_INFINITY, ...this.options.reconnect };
    const run = open({ ...this.options, reconnect, onConnection });
    this.#run = run;
    try {
      for await (const event of run) {
        if (this.#run !== run) return; // replaced by another run
        this.#apply(event, run.cursor);
      }
    } catch (error) {
      if (this.#run !== run || error instanceof DetachedError) return;
      this.change({ status: "finished", error: toBurdockError(error) });
    }
  }

  #apply(event: DeliveredEvent<EventOf<G>>, cursor: Cursor | undefined): void {
    this.options.onEvent?.(event);
    const change = this.#text.apply({ event, cursor });
    if (change !== undefined) this.change({ text: change.text });
    if (this.#value?.apply({ event, cursor })) {
      const { value, complete } = this.#value.grown;
      this.change({ value, complete });
    }
    const end = terminal(event) as TerminalEvent<G["node"]> | undefined;
    if (end !== undefined) this.change({ status: "finished", end, error: failure(end) });
  }
}

type OpenRun<G extends GraphTypes> = (options: RunOptions) => Run<EventOf<G>, G["item"]>;

function failure(end: TerminalEvent): RunFailedError | undefined {
  return end.type === "run_failed" ? new RunFailedError(end) : undefined;
}
