import type { ChatEvent, Cursor, SessionEvent } from "./events.ts";
import type { StartResponse, StreamOptions } from "./follow.ts";
import type { Http, RequestParts } from "./http.ts";
import { Run } from "./run.ts";
import { EventStream } from "./stream.ts";
import type { AnyGraph, ChatHistory, GraphTypes, SessionInfo, StartedRun } from "./types.ts";

/** Options for starting a run. */
export interface StartOptions {
  /** Behavior while a run is in progress. Defaults to `reject`, with `RunInProgressError`. */
  ifRunning?: "reject" | "wait" | "stop";
  /** Behavior if the last run is unfinished. Defaults to `reject`, with `RunUnfinishedError`. */
  ifUnfinished?: "reject" | "restart";
  /** Requires that the session exists, or that it does not. */
  expect?: "existing" | "new";
}

/** Options for starting a run and reading its stream. */
export interface RunOptions extends StartOptions, StreamOptions {}

/** Options for following a session. */
export interface EventsOptions extends StreamOptions {
  /** Cursor of the last event received. Defaults to the start of the session. */
  from?: Cursor | undefined;
  /** `run`: ends the stream after the next terminal event. By default it continues with the next run. */
  until?: "run" | undefined;
}

/** Options for reading the messages of a chat. */
export interface ChatOptions {
  /** Returns only messages before this index: the `first` of a newer page. */
  before?: number | undefined;
  /** Maximum number of messages, up to 500. Defaults to 50. Pages of long messages have fewer. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The events of a graph's sessions. */
export type EventOf<G extends GraphTypes> = SessionEvent<G["item"], G["state"], G["node"]>;
/** The events of a graph's chats. */
export type ChatEventOf<G extends GraphTypes> = ChatEvent<G["state"], G["node"]>;

/** A session of a graph. */
export class Session<G extends GraphTypes = AnyGraph> {
  readonly id: string;
  readonly #http: Http;
  readonly #path: string;

  /** @internal */
  constructor(http: Http, id: string) {
    if (id === "" || id === "." || id === "..") {
      throw new TypeError(`${JSON.stringify(id)} cannot be a session id: it cannot be part of a URL`);
    }
    this.id = id;
    this.#http = http;
    this.#path = `/sessions/${encodeURIComponent(id)}`;
  }

  /** Starts a run immediately. Creates the session if it does not exist. */
  run(inputs: G["inputs"], options: RunOptions = {}): Run<EventOf<G>, G["item"]> {
    return this.#start("runs", inputs, options);
  }

  /** Resumes an unfinished run. */
  resume(options: RunOptions = {}): Run<EventOf<G>, G["item"]> {
    return this.#start("resume", undefined, options);
  }

  /** Starts a run without reading its events. */
  start(inputs: G["inputs"], options: StartOptions & { signal?: AbortSignal } = {}): Promise<StartedRun> {
    const request = startRequest(inputs, options);
    return this.#http.json("POST", `${this.#path}/runs`, {
      ...request,
      query: { ...request.query, stream: "false" },
    });
  }

  /** Follows the session. Never starts a run. */
  events(options: EventsOptions = {}): EventStream<EventOf<G>, G["item"]> {
    return new EventStream(this.#http, this.#plan("events", options), options);
  }

  /** Returns the current state, position and cursor of the session. */
  get(options: { signal?: AbortSignal } = {}): Promise<SessionInfo<G["state"], G["node"]>> {
    return this.#http.json("GET", this.#path, options);
  }

  /** Stops the run in progress, if any. */
  stop(): Promise<void> {
    return this.#http.done("POST", `${this.#path}/stop`);
  }

  /** Moves an ended session back to the start node. */
  reopen(): Promise<void> {
    return this.#http.done("POST", `${this.#path}/reopen`);
  }

  /** Creates a copy of this session as of the cursor `at`. Defaults to the current state. */
  async fork(id: string, options: { at?: Cursor } = {}): Promise<Session<G>> {
    const fork = new Session<G>(this.#http, id);
    await this.#http.done("POST", `${this.#path}/fork`, { body: { session: id, ...options } });
    return fork;
  }

  /** Deletes the session. A run in progress is stopped first. */
  delete(): Promise<void> {
    return this.#http.done("DELETE", this.#path);
  }

  /** Returns a page of the messages of a chat: the newest ones, or those before an index. */
  chat(options: ChatOptions = {}): Promise<ChatHistory<G["node"]>> {
    const { before, limit, signal } = options;
    return this.#http.json("GET", `${this.#path}/chat`, { query: { before, limit }, signal });
  }

  /** Sends a message to a chat. An unfinished run is restarted. */
  send(prompt: string, options: StreamOptions = {}): Run<ChatEventOf<G>, never> {
    const { signal } = options;
    const start = (): Promise<StartResponse> =>
      this.#http.json("POST", `${this.#path}/chat`, { body: { prompt }, signal });
    return new Run(this.#http, { ...this.#plan("chat/events"), start }, options);
  }

  /** Resumes an unfinished run of a chat, to retry after an error. */
  retry(options: StreamOptions = {}): Run<ChatEventOf<G>, never> {
    const { signal } = options;
    const query = { stream: "false" };
    const start = (): Promise<StartResponse> =>
      this.#http.json("POST", `${this.#path}/resume`, { query, signal });
    return new Run(this.#http, { ...this.#plan("chat/events"), start }, options);
  }

  /** Follows a chat. */
  chatEvents(options: EventsOptions = {}): EventStream<ChatEventOf<G>, never> {
    return new EventStream(this.#http, this.#plan("chat/events", options), options);
  }

  #start(route: "runs" | "resume", inputs: object | undefined, options: RunOptions) {
    const start = async (): Promise<StartResponse> => {
      const response = await this.#http.request("POST", `${this.#path}/${route}`, startRequest(inputs, options));
      return { cursor: response.headers.get("burdock-cursor") ?? undefined, response };
    };
    return new Run<EventOf<G>, G["item"]>(
      this.#http,
      { ...this.#plan("events"), start },
      options,
    );
  }

  #plan(events: string, { from, until }: EventsOptions = {}) {
    return { session: this.#path, events: `${this.#path}/${events}`, from, until };
  }
}

function startRequest(inputs: object | undefined, options: StartOptions & StreamOptions): RequestParts {
  const headers: Record<string, string> = {};
  if (options.expect === "existing") headers["if-match"] = "*";
  if (options.expect === "new") headers["if-none-match"] = "*";
  const query = { if_running: options.ifRunning, if_unfinished: options.ifUnfinished };
  return { query, headers, body: inputs, signal: options.signal };
}
