import { Backoff, wait, type Reconnect } from "./backoff.ts";
import { parts } from "./body.ts";
import { offset } from "./cursor.ts";
import { BurdockError, ConnectionLost, Deleted, ProtocolError, RunInterrupted, passing } from "./errors.ts";
import {
  TERMINAL,
  type Cursor,
  type RewoundEvent,
  type RunStartedEvent,
  type StreamErrorEvent,
  type TerminalEvent,
} from "./events.ts";
import type { Http } from "./http.ts";
import type { SessionInfo } from "./types.ts";

/** Whether a stream has a connection: it looks for one, has one, or waits before the next try. */
export type Connection = "connecting" | "open" | "waiting";

/** What every kind of stream can be told. */
export interface StreamOptions {
  /** Detaches when it aborts; what waits then throws its reason. */
  signal?: AbortSignal;
  reconnect?: Reconnect;
  /** Hears how the connection does. */
  onConnection?: (connection: Connection) => void;
}

/** Where a stream comes from. */
export interface Plan {
  /** The path of the session. */
  session: string;
  /** The path that is followed. */
  events: string;
  /** What begins a run, once: its answer is the stream, or says where the stream is. */
  begin?: () => Promise<Begun>;
  /** `left`: the run was begun some time ago, and may have been interrupted since. */
  run?: "new" | "left";
  /** Where to follow from. */
  from?: Cursor | undefined;
  /** `run`: until a terminal event. */
  until?: "run" | undefined;
}

/** A run that was begun. */
export interface Begun {
  /** The place just before its first event. */
  cursor: Cursor | undefined;
  /** Its stream, if that is the answer. */
  answer?: Response;
}

/** An event, and the cursor behind it. */
export interface Entry<E> {
  event: E;
  cursor: Cursor | undefined;
}

type AnyEvent = { type: string };
type Outcome = "over" | "again";

/** Follows a session over as many connections as it takes. Work is begun once, and never again. */
export class Follower<E extends AnyEvent> {
  readonly #http: Http;
  readonly #plan: Plan;
  readonly #options: StreamOptions;
  readonly #backoff: Backoff;
  readonly #signal: AbortSignal;
  #cursor: Cursor | undefined;
  /** The place before the run's first event, once it is known. */
  #start: Cursor | undefined;
  /** The number of the run, once its first event was seen. */
  #run: number | undefined;
  /** The session when no run was under way: nothing more is to be expected behind its cursor. */
  #idle: SessionInfo | undefined;

  constructor(http: Http, plan: Plan, options: StreamOptions, signal: AbortSignal) {
    this.#http = http;
    this.#plan = plan;
    this.#options = options;
    this.#backoff = new Backoff(options.reconnect);
    this.#signal = signal;
    this.#cursor = plan.from;
  }

  /** Every event once, in order, until the stream is over. */
  async *entries(begun?: Promise<Begun>): AsyncGenerator<Entry<E>, void, undefined> {
    let answer: Response | undefined;
    if (begun !== undefined) {
      const { cursor, answer: first } = await unless(this.#signal, begun);
      this.#start = cursor;
      this.#cursor ??= cursor;
      answer = first;
    }
    for (let first = true; ; first = false) {
      let atLeast = 0;
      let cause: unknown;
      try {
        const outcome = yield* this.#connection(answer, first);
        if (outcome === "over") return;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!passing(error)) throw error;
        atLeast = retryAfter(error);
        cause = error;
      }
      answer = undefined;
      if (begun !== undefined && this.#cursor === undefined && this.#start === undefined) {
        throw new ConnectionLost("the connection was lost before the run's cursor came", undefined, cause);
      }
      const delay = this.#backoff.next(atLeast);
      if (delay === undefined) {
        throw new ConnectionLost("the connection was lost, and did not come back", this.#cursor, cause);
      }
      this.#tell("waiting");
      await wait(delay, this.#signal);
    }
  }

  /** The events of one connection. */
  async *#connection(
    begun: Response | undefined,
    first: boolean,
  ): AsyncGenerator<Entry<E>, Outcome, undefined> {
    this.#tell("connecting");
    const answer = begun ?? (await this.#ask(first));
    if (answer.status === 204) return this.#nothingMore();
    this.#tell("open");
    for await (const part of parts(answer, this.#backoff.silence, this.#signal)) {
      if (part.kind === "retry") this.#backoff.suggest(part.delay);
      else if (part.kind === "comment") {
        this.#backoff.reset(); // it was there for a while: what breaks next breaks for the first time
        this.#expectMore("idle");
      } else {
        const event = parse<E>(part.event.data);
        if (event.type === "error") return this.#closed(event as unknown as StreamErrorEvent);
        this.#ownRun(event);
        this.#advance(event, part.event.id);
        yield { event, cursor: this.#cursor };
        if (this.#plan.until === "run" && TERMINAL.has(event.type)) return "over";
        if (event.type === "rewound") this.#stillThere(event as unknown as RewoundEvent);
        this.#expectMore();
      }
    }
    return "again";
  }

  async #ask(first: boolean): Promise<Response> {
    const signal = this.#signal;
    if (this.#plan.begin !== undefined && (!first || this.#plan.run === "left")) {
      this.#idle = await this.#unattended();
      this.#expectMore();
    }
    const query = { from: this.#cursor, until: this.#plan.until };
    const headers = { accept: "text/event-stream" };
    return this.#http.request("GET", this.#plan.events, { query, headers, signal });
  }

  /** The session, if no run is under way in it. */
  async #unattended(): Promise<SessionInfo | undefined> {
    const signal = this.#signal;
    const get = () => this.#http.json<SessionInfo>("GET", this.#plan.session, { signal });
    if ((await get()).running) return undefined;
    // The run may have ended after its session was read and before it was looked for. What is read
    // from here on has its end.
    const info = await get();
    return info.running ? undefined : info;
  }

  #advance(event: E, id: string): void {
    const cursor = id === "" ? undefined : id;
    if (event.type === "rewound") this.#cursor = cursor;
    else if (cursor !== undefined && cursor !== this.#cursor) {
      this.#cursor = cursor;
      this.#backoff.reset();
    }
    if (event.type === "run_started" || event.type === "run_resumed") this.#idle = undefined;
  }

  /** Throws when another run starts: this one was interrupted, and another process started that. */
  #ownRun(event: E): void {
    if (this.#plan.begin === undefined || event.type !== "run_started") return;
    const { run } = event as unknown as RunStartedEvent;
    if (this.#run !== undefined && this.#run !== run) throw new RunInterrupted(false, this.#cursor);
    this.#run = run;
  }

  /** Throws when the run was interrupted: it is not under way, and its last event was seen. */
  #expectMore(stream?: "idle"): void {
    if (this.#idle === undefined) return;
    const { cursor, position } = this.#idle;
    if (stream === "idle" || cursor === this.#cursor) {
      throw new RunInterrupted(position.at === "unfinished", this.#cursor);
    }
  }

  /** Throws when the beginning of the run itself is gone. */
  #stillThere({ to }: RewoundEvent): void {
    if (this.#start === undefined || offset(to) > offset(this.#start)) return;
    throw new RunInterrupted(false, this.#cursor);
  }

  #nothingMore(): Outcome {
    if (this.#plan.begin === undefined) return "over";
    throw new RunInterrupted(this.#idle?.position.at === "unfinished", this.#cursor);
  }

  #closed({ code, detail }: StreamErrorEvent): Outcome {
    if (code === "deleted") throw new Deleted(detail);
    if (code === "interrupted" && this.#plan.begin !== undefined) {
      throw new RunInterrupted(true, this.#cursor);
    }
    return "again"; // where the cursor is too old, the next answer says so and where to begin
  }

  #tell(connection: Connection): void {
    this.#options.onConnection?.(connection);
  }
}

/** The terminal event, if it is one. */
export function terminal(event: AnyEvent): TerminalEvent | undefined {
  return TERMINAL.has(event.type) ? (event as TerminalEvent) : undefined;
}

function parse<E extends AnyEvent>(data: string): E {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch (error) {
    throw new ProtocolError("an event is not JSON", error);
  }
  if (typeof event === "object" && event !== null && typeof (event as AnyEvent).type === "string") {
    return event as E;
  }
  throw new ProtocolError("an event has no type");
}

function retryAfter(error: unknown): number {
  return error instanceof BurdockError ? (error.retryAfter ?? 0) : 0;
}

/** What a promise comes to, unless the signal aborts before. */
async function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => (leave = () => reject(signal.reason)));
  signal.addEventListener("abort", leave);
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", leave));
}
