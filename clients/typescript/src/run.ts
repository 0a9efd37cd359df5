import { ProtocolError } from "./errors.ts";
import type { Cursor, TerminalEvent } from "./events.ts";
import type { Begun, Plan, StreamOptions } from "./follow.ts";
import type { Http } from "./http.ts";
import { EventStream } from "./stream.ts";

/** A run under way: its events from the first to the terminal one. */
export class Run<E extends { type: string }, Item = unknown> extends EventStream<E, Item> {
  readonly #stop: () => Promise<void>;
  #finished: Promise<TerminalEvent> | undefined;

  /** @internal */
  constructor(http: Http, plan: Plan & Required<Pick<Plan, "begin">>, options: StreamOptions) {
    super(http, { ...plan, until: "run" }, options);
    this.#stop = () => http.done("POST", `${plan.session}/stop`);
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

  /** Stops the run; its stream goes on to the terminal event. */
  async stop(): Promise<void> {
    await this.begun;
    await this.#stop();
  }
}
