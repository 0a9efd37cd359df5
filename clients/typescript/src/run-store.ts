import { BurdockError, RunFailed } from "./errors.ts";
import type { TerminalEvent } from "./events.ts";
import { terminal, type Connection } from "./follow.ts";
import type { Run } from "./run.ts";
import type { EventOf, RunOptions, Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Seen } from "./stream.ts";
import { Text, type Pick } from "./text.ts";
import type { AnyGraph, GraphTypes } from "./types.ts";

/** A run as it is shown. */
export interface RunView<G extends GraphTypes = AnyGraph> {
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
export interface RunViewOptions<G extends GraphTypes = AnyGraph>
  extends Omit<RunOptions, "signal" | "onConnection"> {
  /** What of an item is text. */
  pick?: Pick<G["item"]>;
  /** Hears of every event. */
  onEvent?: (event: Seen<EventOf<G>>) => void;
}

/** One run after the other, each as it goes. */
export class RunStore<G extends GraphTypes = AnyGraph> extends Store<RunView<G>> {
  readonly #session: Session<G>;
  options: RunViewOptions<G>;
  #run: Run<EventOf<G>, G["item"]> | undefined;

  constructor(session: Session<G>, options: RunViewOptions<G> = {}) {
    super({ status: "idle", text: "", end: undefined, connection: "connecting", error: undefined });
    this.#session = session;
    this.options = options;
  }

  /** Begins a run. */
  readonly start = (inputs: G["inputs"]): void => {
    void this.#show((options) => this.#session.run(inputs, options));
  };

  /** Goes on with an unfinished run. */
  readonly resume = (): void => {
    void this.#show((options) => this.#session.resume(options));
  };

  /** Stops the run. */
  readonly stop = async (): Promise<void> => {
    await this.#run?.stop();
  };

  protected override open(): void {
    // a run begins when it is told to
  }

  protected override close(): void {
    this.#run?.detach();
  }

  async #show(begin: (options: RunOptions) => Run<EventOf<G>, G["item"]>): Promise<void> {
    this.#run?.detach();
    const onConnection = (connection: Connection) => {
      if (this.#run === run) this.change({ connection });
    };
    const run = begin({ ...this.options, onConnection });
    this.#run = run;
    const text = new Text(this.options.pick);
    this.change({ status: "running", text: "", end: undefined, error: undefined });
    try {
      for await (const event of run) {
        this.options.onEvent?.(event);
        const change = text.take({ event, cursor: run.cursor });
        if (change !== undefined) this.change({ text: change.text });
        const end = terminal(event) as TerminalEvent<G["node"]> | undefined;
        if (end !== undefined) this.change({ status: "finished", end, error: failure(end) });
      }
    } catch (error) {
      if (this.#run !== run || !(error instanceof BurdockError)) return;
      if (error.code !== "detached") this.change({ status: "finished", error });
    }
  }
}

function failure(end: TerminalEvent): RunFailed | undefined {
  return end.type === "run_failed" ? new RunFailed(end) : undefined;
}
