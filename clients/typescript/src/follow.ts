import { Backoff, wait, type ReconnectOptions } from "./backoff.ts";
import { parseEvents } from "./response.ts";
import { offset } from "./cursor.ts";
import {
  BurdockError,
  ConnectionLostError,
  ProtocolError,
  RunInterruptedError,
  SessionDeletedError,
  isTransient,
} from "./errors.ts";
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

/** Status of a stream's connection: connecting, open, or waiting before the next attempt. */
export type Connection = "connecting" | "open" | "waiting";

/** Options of every stream. */
export interface StreamOptions {
  /** Detaches the stream when aborted; pending reads are rejected with the abort reason. */
  signal?: AbortSignal;
  reconnect?: ReconnectOptions;
  /** Called when the status of the connection changes. */
  onConnection?: (connection: Connection) => void;
}

/** Source of a stream. */
export interface Plan {
  /** Path of the session. */
  session: string;
  /** Path of the event stream. */
  events: string;
  /** Starts a run, called once: the response is the stream, or has the cursor to follow from. */
  start?: () => Promise<StartResponse>;
  /** `existing`: the run was started earlier, and may have been interrupted since. */
  run?: "new" | "existing";
  /** Cursor to follow from. */
  from?: Cursor | undefined;
  /** `run`: ends after a terminal event. */
  until?: "run" | undefined;
}

/** Response to the request that starts a run. */
export interface StartResponse {
  /** Cursor just before the first event of the run. */
  cursor: Cursor | undefined;
  /** The event stream, if the response has one. */
  response?: Response;
}

/** An event and the cursor after it. */
export interface Entry<E> {
  event: E;
  cursor: Cursor | undefined;
}

type AnyEvent = { type: string };
type ConnectionOutcome = "ended" | "reconnect";

/** Follows a session across reconnects. A run is started once; the request is never repeated. */
export class Follower<E extends AnyEvent> {
  readonly #http: Http;
  readonly #plan: Plan;
  readonly #options: StreamOptions;
  readonly #backoff: Backoff;
  readonly #signal: AbortSignal;
  #cursor: Cursor | undefined;
  /** Cursor just before the run's first event, once known. */
  #start: Cursor | undefined;
  /** Number of the run, once its first event has been received. */
  #run: number | undefined;
  /** The session when it had no run in progress: no more events follow its cursor. */
  #idle: SessionInfo | undefined;

  constructor(http: Http, plan: Plan, options: StreamOptions, signal: AbortSignal) {
    this.#http = http;
    this.#plan = plan;
    this.#options = options;
    this.#backoff = new Backoff(options.reconnect);
    this.#signal = signal;
    this.#cursor = plan.from;
  }

  /** Yields every event once, in order, until the stream ends. */
  async *entries(started?: Promise<StartResponse>): AsyncGenerator<Entry<E>, void, undefined> {
    let response: Response | undefined;
    if (started !== undefined) {
      const { cursor, response: first } = await abortable(this.#signal, started);
      this.#start = cursor;
      this.#cursor ??= cursor;
      response = first;
    }
    for (let first = true; ; first = false) {
      let atLeast = 0;
      let cause: unknown;
      try {
        const outcome = yield* this.#connection(response, first);
        if (outcome === "ended") return;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!isTransient(error)) throw error;
        atLeast = retryAfter(error);
        cause = error;
      }
      response = undefined;
      if (started !== undefined && this.#cursor === undefined && this.#start === undefined) {
        throw new ConnectionLostError("the connection was lost before the run had a cursor", undefined, cause);
      }
      const delay = this.#backoff.next(atLeast);
      if (delay === undefined) {
        throw new ConnectionLostError("the connection was lost and could not be restored", this.#cursor, cause);
      }
      this.#report("waiting");
      await wait(delay, this.#signal);
    }
  }

  /** Yields the events of one connection. */
  async *#connection(
    started: Response | undefined,
    first: boolean,
  ): AsyncGenerator<Entry<E>, ConnectionOutcome, undefined> {
    this.#report("connecting");
    const response = started ?? (await this.#connect(first));
    if (response.status === 204) return this.#onNoContent();
    this.#report("open");
    for await (const part of parseEvents(response, this.#backoff.idleTimeout, this.#signal)) {
      if (part.kind === "retry") this.#backoff.suggest(part.delay);
      else if (part.kind === "comment") {
        this.#backoff.reset(); // the connection was alive: the next loss counts as the first failure
        this.#checkInterrupted("idle");
      } else {
        const event = parse<E>(part.event.data);
        if (event.type === "error") return this.#onError(event as unknown as StreamErrorEvent);
        this.#checkRun(event);
        this.#advance(event, part.event.id);
        yield { event, cursor: this.#cursor };
        if (this.#plan.until === "run" && TERMINAL.has(event.type)) return "ended";
        if (event.type === "rewound") this.#checkRewind(event as unknown as RewoundEvent);
        this.#checkInterrupted();
      }
    }
    return "reconnect";
  }

  async #connect(first: boolean): Promise<Response> {
    const signal = this.#signal;
    if (this.#plan.start !== undefined && (!first || this.#plan.run === "existing")) {
      this.#idle = await this.#idleSession();
      this.#checkInterrupted();
    }
    const query = { from: this.#cursor, until: this.#plan.until };
    const headers = { accept: "text/event-stream" };
    return this.#http.request("GET", this.#plan.events, { query, headers, signal });
  }

  /** Returns the session if it has no run in progress. */
  async #idleSession(): Promise<SessionInfo | undefined> {
    const signal = this.#signal;
    const get = () => this.#http.json<SessionInfo>("GET", this.#plan.session, { signal });
    if ((await get()).running) return undefined;
    // The server reads the session before it checks for a run, and the run may end in between. A second
    // request returns a session that includes that end.
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

  /** Throws if another run starts: this one was interrupted, and another process has started a new one. */
  #checkRun(event: E): void {
    if (this.#plan.start === undefined || event.type !== "run_started") return;
    const { run } = event as unknown as RunStartedEvent;
    if (this.#run !== undefined && this.#run !== run) throw new RunInterruptedError(false, this.#cursor);
    this.#run = run;
  }

  /** Throws if the run was interrupted: it is not in progress, and its last event has been received. */
  #checkInterrupted(stream?: "idle"): void {
    if (this.#idle === undefined) return;
    const { cursor, position } = this.#idle;
    if (stream === "idle" || cursor === this.#cursor) {
      throw new RunInterruptedError(position.at === "unfinished", this.#cursor);
    }
  }

  /** Throws if a rewind has removed the start of the run. */
  #checkRewind({ to }: RewoundEvent): void {
    if (this.#start === undefined || offset(to) > offset(this.#start)) return;
    throw new RunInterruptedError(false, this.#cursor);
  }

  #onNoContent(): ConnectionOutcome {
    if (this.#plan.start === undefined) return "ended";
    throw new RunInterruptedError(this.#idle?.position.at === "unfinished", this.#cursor);
  }

  #onError({ code, detail }: StreamErrorEvent): ConnectionOutcome {
    if (code === "deleted") throw new SessionDeletedError(detail);
    if (code === "interrupted" && this.#plan.start !== undefined) {
      throw new RunInterruptedError(true, this.#cursor);
    }
    return "reconnect"; // if the cursor is too old, the next response is an error with the oldest cursor
  }

  #report(connection: Connection): void {
    this.#options.onConnection?.(connection);
  }
}

/** Returns the event if it is a terminal event. */
export function terminal(event: AnyEvent): TerminalEvent | undefined {
  return TERMINAL.has(event.type) ? (event as TerminalEvent) : undefined;
}

function parse<E extends AnyEvent>(data: string): E {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch (error) {
    throw new ProtocolError("invalid event: not JSON", error);
  }
  if (typeof event === "object" && event !== null && typeof (event as AnyEvent).type === "string") {
    return event as E;
  }
  throw new ProtocolError("invalid event: no `type`");
}

function retryAfter(error: unknown): number {
  return error instanceof BurdockError ? (error.retryAfter ?? 0) : 0;
}

/** Waits for a promise; rejects early if the signal is aborted. */
async function abortable<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => (abort = () => reject(signal.reason)));
  signal.addEventListener("abort", abort);
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", abort));
}
