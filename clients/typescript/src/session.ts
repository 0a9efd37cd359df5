import type { ChatEvent, Cursor, SessionEvent } from "./events.ts";
import type { Begun, StreamOptions } from "./follow.ts";
import type { Http, RequestParts } from "./http.ts";
import { Run } from "./run.ts";
import { EventStream } from "./stream.ts";
import type { AnyGraph, ChatHistory, GraphTypes, SessionInfo, Started } from "./types.ts";

/** How a run is begun. */
export interface BeginOptions {
  /** What to do while a run is under way; `reject` with `Running` unless given. */
  ifRunning?: "reject" | "wait" | "stop";
  /** What to do where the last run is unfinished; `reject` with `Unfinished` unless given. */
  ifUnfinished?: "reject" | "restart";
  /** Insists that the session is there already, or that it is not. */
  expect?: "existing" | "new";
}

/** How a run is begun and its stream read. */
export interface RunOptions extends BeginOptions, StreamOptions {}

/** What to follow. */
export interface EventsOptions extends StreamOptions {
  /** The event that was seen last; from the beginning without one. */
  from?: Cursor | undefined;
  /** `run`: until the next terminal event. Otherwise the stream goes on from run to run. */
  until?: "run" | undefined;
}

/** Which messages of a chat. */
export interface ChatOptions {
  /** Only messages before this index: the `first` of a newer page. */
  before?: number | undefined;
  /** At most this many; 50 by default, 500 at most. Fewer if they are long. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

export type EventOf<G extends GraphTypes> = SessionEvent<G["item"], G["state"], G["node"]>;
export type ChatEventOf<G extends GraphTypes> = ChatEvent<G["state"], G["node"]>;

/** A session of a graph. */
export class Session<G extends GraphTypes = AnyGraph> {
  readonly id: string;
  readonly #http: Http;
  readonly #path: string;

  /** @internal */
  constructor(http: Http, id: string) {
    if (id === "" || id === "." || id === "..") {
      throw new TypeError(`${JSON.stringify(id)} cannot be the id of a session in a URL`);
    }
    this.id = id;
    this.#http = http;
    this.#path = `/sessions/${encodeURIComponent(id)}`;
  }

  /** Begins a run, at once, in a session that is made if it is not there. */
  run(inputs: G["inputs"], options: RunOptions = {}): Run<EventOf<G>, G["item"]> {
    return this.#begin("runs", inputs, options);
  }

  /** Goes on with an unfinished run. */
  resume(options: RunOptions = {}): Run<EventOf<G>, G["item"]> {
    return this.#begin("resume", undefined, options);
  }

  /** Begins a run without reading it. */
  start(inputs: G["inputs"], options: BeginOptions & { signal?: AbortSignal } = {}): Promise<Started> {
    const request = begin(inputs, options);
    return this.#http.json("POST", `${this.#path}/runs`, {
      ...request,
      query: { ...request.query, stream: "false" },
    });
  }

  /** Follows the session. Never begins anything. */
  events(options: EventsOptions = {}): EventStream<EventOf<G>, G["item"]> {
    return new EventStream(this.#http, this.#plan("events", options), options);
  }

  /** Where the session is. */
  get(options: { signal?: AbortSignal } = {}): Promise<SessionInfo<G["state"], G["node"]>> {
    return this.#http.json("GET", this.#path, options);
  }

  /** Stops the run that is under way, if one is. */
  stop(): Promise<void> {
    return this.#http.done("POST", `${this.#path}/stop`);
  }

  /** Puts a session that has ended at its start. */
  reopen(): Promise<void> {
    return this.#http.done("POST", `${this.#path}/reopen`);
  }

  /** Makes a session of this one's past: as it was at a cursor, or is now. */
  async fork(id: string, options: { at?: Cursor } = {}): Promise<Session<G>> {
    const fork = new Session<G>(this.#http, id);
    await this.#http.done("POST", `${this.#path}/fork`, { body: { session: id, ...options } });
    return fork;
  }

  /** Deletes the session; a run that is under way is stopped first. */
  delete(): Promise<void> {
    return this.#http.done("DELETE", this.#path);
  }

  /** A page of the messages of a chat: the newest ones, or those before an index. */
  chat(options: ChatOptions = {}): Promise<ChatHistory<G["node"]>> {
    const { before, limit, signal } = options;
    return this.#http.json("GET", `${this.#path}/chat`, { query: { before, limit }, signal });
  }

  /** Says something in a chat. An unfinished run is restarted. */
  send(prompt: string, options: StreamOptions = {}): Run<ChatEventOf<G>, never> {
    const { signal } = options;
    const begin = (): Promise<Begun> =>
      this.#http.json("POST", `${this.#path}/chat`, { body: { prompt }, signal });
    return new Run(this.#http, { ...this.#plan("chat/events"), begin }, options);
  }

  /** Goes on with an unfinished run of a chat: what a retry is after an error. */
  retry(options: StreamOptions = {}): Run<ChatEventOf<G>, never> {
    const { signal } = options;
    const query = { stream: "false" };
    const begin = (): Promise<Begun> =>
      this.#http.json("POST", `${this.#path}/resume`, { query, signal });
    return new Run(this.#http, { ...this.#plan("chat/events"), begin }, options);
  }

  /** Follows a chat. */
  chatEvents(options: EventsOptions = {}): EventStream<ChatEventOf<G>, never> {
    return new EventStream(this.#http, this.#plan("chat/events", options), options);
  }

  #begin(what: "runs" | "resume", inputs: object | undefined, options: RunOptions) {
    const ask = async (): Promise<Begun> => {
      const answer = await this.#http.request("POST", `${this.#path}/${what}`, begin(inputs, options));
      return { cursor: answer.headers.get("burdock-cursor") ?? undefined, answer };
    };
    return new Run<EventOf<G>, G["item"]>(
      this.#http,
      { ...this.#plan("events"), begin: ask },
      options,
    );
  }

  #plan(events: string, { from, until }: EventsOptions = {}) {
    return { session: this.#path, events: `${this.#path}/${events}`, from, until };
  }
}

function begin(inputs: object | undefined, options: BeginOptions & StreamOptions): RequestParts {
  const headers: Record<string, string> = {};
  if (options.expect === "existing") headers["if-match"] = "*";
  if (options.expect === "new") headers["if-none-match"] = "*";
  const query = { if_running: options.ifRunning, if_unfinished: options.ifUnfinished };
  return { query, headers, body: inputs, signal: options.signal };
}
