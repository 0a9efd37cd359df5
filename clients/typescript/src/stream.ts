import { Detached, RunFailed } from "./errors.ts";
import type { Cursor, StreamErrorEvent, TerminalEvent } from "./events.ts";
import { Follower, terminal, type Begun, type Entry, type Plan, type StreamOptions } from "./follow.ts";
import { changeOf, type GrownBy, type Growth } from "./grow.ts";
import { growths, type PickChange } from "./growth.ts";
import type { Http } from "./http.ts";
import { items, texts, type ItemsChange, type Pick, type TextChange } from "./text.ts";

/** What a loop over a stream sees: all events but `error`, which the client acts on itself. */
export type Seen<E> = Exclude<E, StreamErrorEvent>;

/**
 * The events of a session, each once and in order, over as many connections as it takes. Only one loop
 * can be over a stream. Leaving it detaches: the connection closes, and what runs goes on.
 */
export class EventStream<E extends { type: string }, Item = unknown>
  implements AsyncIterable<Seen<E>>
{
  readonly #abort = new AbortController();
  readonly #source: AsyncGenerator<Entry<Seen<E>>, void, undefined>;
  readonly #queue: Entry<Seen<E>>[] = [];
  #pull: Promise<void> | undefined;
  #taken = false;
  #over = false;
  #failure: unknown;
  #terminal: TerminalEvent | undefined;
  #cursor: Cursor | undefined;

  /** @internal `end` is the terminal event, where it was seen already. */
  constructor(http: Http, plan: Plan, options: StreamOptions, end?: TerminalEvent) {
    const { signal } = options;
    this.#terminal = end;
    this.#over = end !== undefined;
    const stop = () => this.#abort.abort(signal?.reason);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true, signal: this.#abort.signal });
    this.#cursor = plan.from;
    const follower = new Follower<Seen<E>>(http, plan, options, this.#abort.signal);
    this.begun = plan.begin?.();
    this.begun?.then((begun) => this.#closing(begun), () => undefined); // whoever reads hears of it
    this.#source = follower.entries(this.begun);
  }

  /** @internal */
  protected readonly begun: Promise<Begun> | undefined;

  /** The event that was seen last: where to follow from. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** Closes the connection. Who waits for an event is thrown `Detached`; what runs goes on. */
  detach(): void {
    this.#abort.abort(new Detached());
  }

  /** All events. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Seen<E>, void, undefined> {
    for await (const { event } of this.#entries()) yield event;
  }

  /**
   * The text of the items, as it grows; `pick` says what of an item is text. Throws `RunFailed` when
   * the run ends with an error.
   */
  text(pick?: Pick<Item>): AsyncGenerator<TextChange, void, undefined> {
    return texts(failing(this.#entries()), pick);
  }

  /** The items that count, as they come. Throws `RunFailed` when the run ends with an error. */
  items<T = Item>(): AsyncGenerator<ItemsChange<T>, void, undefined> {
    return items<T>(failing(this.#entries()));
  }

  /**
   * The value that grows by the items: those that are a `Change`, or what `pick` returns for an item.
   * Yields one object, after each change; its `value`s are never modified. Throws `ChangeError` if a
   * change does not fit, and `RunFailed` when the run ends with an error.
   */
  grown<T = GrownBy<Item>>(
    pick: PickChange<Item, T> = changeOf as PickChange<Item, T>,
  ): AsyncGenerator<Growth<T>, void, undefined> {
    return growths(failing(this.#entries()), pick);
  }

  /** The terminal event, once it was read. */
  protected get terminal(): TerminalEvent | undefined {
    return this.#terminal;
  }

  /** Whether `cursor` stands behind all that was read. */
  protected get caughtUp(): boolean {
    return !this.#taken || this.#queue.length === 0;
  }

  /** Reads to the end, for whoever loops over the stream later too. */
  protected async drain(): Promise<TerminalEvent> {
    while (!this.#over) await this.#fill();
    if (this.#terminal !== undefined) return this.#terminal;
    throw this.#failure ?? new Detached();
  }

  /** Closes the answer that began the run when it is left, whether or not somebody reads it. */
  #closing({ answer }: Begun): void {
    const { signal } = this.#abort;
    const close = () => void answer?.body?.cancel().catch(() => undefined); // its reader closes it
    if (signal.aborted) close();
    else signal.addEventListener("abort", close, { once: true });
  }

  async *#entries(): AsyncGenerator<Entry<Seen<E>>, void, undefined> {
    if (this.#taken) throw new TypeError("only one loop can be over a stream");
    this.#taken = true;
    try {
      for (;;) {
        const entry = this.#queue.shift();
        if (entry !== undefined) {
          this.#cursor = entry.cursor;
          yield entry;
        } else if (!this.#over) await this.#fill();
        else if (this.#failure === undefined) return;
        else throw this.#failure;
      }
    } finally {
      this.#end();
      await this.#source.return();
    }
  }

  /** Gets the next event, for whoever waits for it. */
  #fill(): Promise<void> {
    this.#pull ??= this.#next().finally(() => (this.#pull = undefined));
    return this.#pull;
  }

  async #next(): Promise<void> {
    try {
      const { done, value } = await this.#source.next();
      if (done) return this.#end();
      this.#queue.push(value);
      this.#terminal ??= terminal(value.event);
      if (!this.#taken) this.#cursor = value.cursor;
    } catch (error) {
      this.#failure = error;
      this.#end();
    }
  }

  /** There is nothing more to come, and nothing to listen for. */
  #end(): void {
    this.#over = true;
    this.detach();
  }
}

async function* failing<E extends { type: string }>(
  entries: AsyncIterable<Entry<E>>,
): AsyncGenerator<Entry<E>, void, undefined> {
  for await (const entry of entries) {
    yield entry;
    const end = terminal(entry.event);
    if (end?.type === "run_failed") throw new RunFailed(end);
  }
}
