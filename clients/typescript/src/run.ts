import { ProtocolError } from "./errors.ts";
import type { Cursor, TerminalEvent } from "./events.ts";
import type { Plan, StartResponse, StreamOptions } from "./follow.ts";
import type { Http } from "./http.ts";
import { EventStream } from "./stream.ts";

/** A run in progress: its events from the first to the terminal one. */
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

  /** Cursor just before the run's first event, once the server has started the run. */
  get started(): Promise<Cursor> {
    return (this.startResponse as Promise<StartResponse>).then(({ cursor }) => {
      if (cursor !== undefined) return cursor;
      throw new ProtocolError("the response has no `burdock-cursor` header, or CORS does not expose it");
    });
  }

  /**
   * The terminal event of the run. Reads the stream if no loop does. Rejected if the loop was left
   * (`DetachedError`), or if the run did not start, was interrupted, or cannot be reached.
   */
  get finished(): Promise<TerminalEvent> {
    if (this.#finished === undefined) {
      this.#finished = this.drain();
      this.#finished.catch(() => undefined);
    }
    return this.#finished;
  }

  /**
   * Returns a stream of the same run that continues after the last event received, for a caller that has
   * detached. Does not start the run again.
   */
  reattach(options: StreamOptions = {}): Run<E, Item> {
    const start = () => this.started.then((cursor) => ({ cursor }));
    const plan: RunPlan = { ...this.#plan, start, from: this.cursor, run: "existing" };
    return new Run(this.#http, plan, options, this.caughtUp ? this.terminal : undefined);
  }

  /** Stops the run, unless it has ended. Its stream continues to the terminal event. */
  async stop(): Promise<void> {
    await this.startResponse;
    // after the end, a stop request would stop the next run
    if (this.terminal === undefined) await this.#http.done("POST", `${this.#plan.session}/stop`);
  }
}

type RunPlan = Plan & Required<Pick<Plan, "start">>;
