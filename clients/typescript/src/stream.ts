import { DetachedError, RunFailedError } from "./errors.ts";
import type { Cursor, StreamErrorEvent, TerminalEvent } from "./events.ts";
import { Follower, terminal, type Entry, type Plan, type StartResponse, type StreamOptions } from "./follow.ts";
import { changeOf, type GrownBy, type Growth } from "./grow.ts";
import { growths, type PickChange } from "./growth.ts";
import type { Http } from "./http.ts";
import { items, texts, type ItemsChange, type PickText, type TextChange } from "./text.ts";

/** An event that a stream yields: all except `error`, which the client handles itself. */
export type DeliveredEvent<E> = Exclude<E, StreamErrorEvent>;

/**
 * The events of a session, each once and in order, across reconnects. A stream can be iterated once.
 * Leaving the loop detaches: the connection is closed, and the run continues.
 */
export class EventStream<E extends { type: string }, Item = unknown>
  implements AsyncIterable<DeliveredEvent<E>>
{
  readonly #abort = new AbortController();
  readonly #source: AsyncGenerator<Entry<DeliveredEvent<E>>, void, undefined>;
  readonly #queue: Entry<DeliveredEvent<E>>[] = [];
  #pending: Promise<void> | undefined;
  #iterated = false;
  #ended = false;
  #failure: unknown;
  #terminal: TerminalEvent | undefined;
  #cursor: Cursor | undefined;

  /** @internal `end` is the terminal event, if it has already been received. */
  constructor(http: Http, plan: Plan, options: StreamOptions, end?: TerminalEvent) {
    const { signal } = options;
    this.#terminal = end;
    this.#ended = end !== undefined;
    const stop = () => this.#abort.abort(signal?.reason);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true, signal: this.#abort.signal });
    this.#cursor = plan.from;
    const follower = new Follower<DeliveredEvent<E>>(http, plan, options, this.#abort.signal);
    this.startResponse = plan.start?.();
    this.startResponse?.then((started) => this.#closeOnAbort(started), () => undefined); // readers get the error
    this.#source = follower.entries(this.startResponse);
  }

  /** @internal */
  protected readonly startResponse: Promise<StartResponse> | undefined;

  /** Cursor of the last event received, to follow from later. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** Closes the connection. Pending reads are rejected with `DetachedError`; the run continues. */
  detach(): void {
    this.#abort.abort(new DetachedError());
  }

  /** Iterates over all events. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DeliveredEvent<E>, void, undefined> {
    for await (const { event } of this.#entries()) yield event;
  }

  /**
   * Yields the text of the items as it grows; `pick` returns the text of an item. Throws `RunFailedError` if
   * the run fails.
   */
  text(pick?: PickText<Item>): AsyncGenerator<TextChange, void, undefined> {
    return texts(throwOnFailure(this.#entries()), pick);
  }

  /** Yields the current items as they arrive. Throws `RunFailedError` if the run fails. */
  items<T = Item>(): AsyncGenerator<ItemsChange<T>, void, undefined> {
    return items<T>(throwOnFailure(this.#entries()));
  }

  /**
   * Yields the value built by the changes among the items; `pick` returns the change of an item, and
   * defaults to `changeOf`. Yields the same object after each change; its `value`s are never modified.
   * Throws `ChangeError` if a change does not fit, and `RunFailedError` if the run fails.
   */
  grown<T = GrownBy<Item>>(
    pick: PickChange<Item, T> = changeOf as PickChange<Item, T>,
  ): AsyncGenerator<Growth<T>, void, undefined> {
    return growths(throwOnFailure(this.#entries()), pick);
  }

  /** The terminal event, once received. */
  protected get terminal(): TerminalEvent | undefined {
    return this.#terminal;
  }

  /** Whether `cursor` is the cursor of the last event received from the server. */
  protected get caughtUp(): boolean {
    return !this.#iterated || this.#queue.length === 0;
  }

  /** Reads to the end. The events stay queued for a later loop. */
  protected async drain(): Promise<TerminalEvent> {
    while (!this.#ended) await this.#fill();
    if (this.#terminal !== undefined) return this.#terminal;
    throw this.#failure ?? new DetachedError();
  }

  /** Closes the response that started the run when the stream is detached, even if it is not read. */
  #closeOnAbort({ response }: StartResponse): void {
    const { signal } = this.#abort;
    const close = () => void response?.body?.cancel().catch(() => undefined); // locked: its reader closes it
    if (signal.aborted) close();
    else signal.addEventListener("abort", close, { once: true });
  }

  async *#entries(): AsyncGenerator<Entry<DeliveredEvent<E>>, void, undefined> {
    if (this.#iterated) throw new TypeError("a stream can be iterated only once");
    this.#iterated = true;
    try {
      for (;;) {
        const entry = this.#queue.shift();
        if (entry !== undefined) {
          this.#cursor = entry.cursor;
          yield entry;
        } else if (!this.#ended) await this.#fill();
        else if (this.#failure === undefined) return;
        else throw this.#failure;
      }
    } finally {
      this.#end();
      await this.#source.return();
    }
  }

  /** Reads the next event. Concurrent callers share one read. */
  #fill(): Promise<void> {
    this.#pending ??= this.#next().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #next(): Promise<void> {
    try {
      const { done, value } = await this.#source.next();
      if (done) return this.#end();
      this.#queue.push(value);
      this.#terminal ??= terminal(value.event);
      if (!this.#iterated) this.#cursor = value.cursor;
    } catch (error) {
      this.#failure = error;
      this.#end();
    }
  }

  /** Ends the stream and closes the connection. */
  #end(): void {
    this.#ended = true;
    this.detach();
  }
}

async function* throwOnFailure<E extends { type: string }>(
  entries: AsyncIterable<Entry<E>>,
): AsyncGenerator<Entry<E>, void, undefined> {
  for await (const entry of entries) {
    yield entry;
    const end = terminal(entry.event);
    if (end?.type === "run_failed") throw new RunFailedError(end);
  }
}
