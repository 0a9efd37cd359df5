import { ProtocolError } from "./errors.ts";
import type { Cursor, TerminalEvent } from "./events.ts";
import type { Begun, Plan, StreamOptions } from "./follow.ts";
import type { Http } from "./http.ts";
import { EventStream } from "./stream.ts";

/** A run under way: its events from the first to the terminal one. */
export class Run<E extends { type: string }, Item = unknown> extends EventStream<E, Item> {
  readonly #http: Http;
  readonly #plan: RunPlan;
  #finished: Promise<TerminalEvent> | undefined;

  /** @internal */
  constructor(http: Http, plan: RunPlan, options: StreamOptions, end?: TerminalEvent) {
    super(http, { ...plan, until: "run" }, options, end);
    this.#http = http;
    this.#plan = plan;
  }

  /** The cursor just before the run's first event, once the server has begun it. */
  get started(): Promise<Cursor> {
    return (this.begun as Promise<Begun>).then(({ cursor }) => {
      if (cursor !== undefined) return cursor;
      throw new ProtocolError("the answer has no header burdock-cursor, or CORS does not expose it");
    });
  }

  /**
   * How the run ended. Reads the stream when nobody else does. It is rejected when that cannot be known:
   * the loop was left (`Detached`), or the run never began, was interrupted, or cannot be reached.
   */
  get finished(): Promise<TerminalEvent> {
    if (this.#finished === undefined) {
      this.#finished = this.drain();
      this.#finished.catch(() => undefined);
    }
    return this.#finished;
  }

  /**
   * The run once more, for whoever left it: its events behind the one that was seen last. The run is not
   * begun again.
   */
  rest(options: StreamOptions = {}): Run<E, Item> {
    const begin = () => this.started.then((cursor) => ({ cursor }));
    const plan: RunPlan = { ...this.#plan, begin, from: this.cursor, run: "left" };
    return new Run(this.#http, plan, options, this.caughtUp ? this.terminal : undefined);
  }

  /** Stops the run, unless its end was seen; its stream goes on to the terminal event. */
  async stop(): Promise<void> {
    await this.begun;
    // who comes too late would stop the next run
    if (this.terminal === undefined) await this.#http.done("POST", `${this.#plan.session}/stop`);
  }
}

type RunPlan = Plan & Required<Pick<Plan, "begin">>;
