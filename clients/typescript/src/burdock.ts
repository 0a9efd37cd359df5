import { Http, type Token } from "./http.ts";
import { Session } from "./session.ts";
import type { AnyGraph, ChatSummary, Graph, GraphTypes, SessionSummary } from "./types.ts";

/** Options of a client. */
export interface BurdockOptions {
  /** A bearer token, or a function that returns one for each request. */
  token?: Token;
  /** The `fetch` function to use. Defaults to `globalThis.fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** Options for listing sessions. */
export interface ListOptions {
  /** Lists only ids that start with this prefix. */
  prefix?: string;
  /** Number of sessions per request. */
  limit?: number;
  signal?: AbortSignal;
}

/** A client of a graph on a burdock server. */
export class Burdock<G extends GraphTypes = AnyGraph> {
  readonly #http: Http;

  /** Creates a client. `base` is the URL where the router is nested; in a browser it may be a path. */
  constructor(base: string | URL, options: BurdockOptions = {}) {
    this.#http = new Http(base, options.token, options.fetch);
  }

  /** Returns a handle to a session, which need not exist. Sends no request. */
  session(id: string): Session<G> {
    return new Session(this.#http, id);
  }

  /** Lists all sessions, ordered by id. */
  sessions(options: ListOptions = {}): AsyncGenerator<SessionSummary, void, undefined> {
    return this.#pages("sessions", options);
  }

  /** Lists all chats with their titles, ordered by id. Requires a server that serves a chat. */
  chats(options: ListOptions = {}): AsyncGenerator<ChatSummary, void, undefined> {
    return this.#pages("chats", options);
  }

  async *#pages<Item>(
    kind: "sessions" | "chats",
    { prefix, limit, signal }: ListOptions,
  ): AsyncGenerator<Item, void, undefined> {
    let after: string | undefined;
    do {
      const query = { prefix, limit, after };
      const page = await this.#http.json<Page<Item>>("GET", `/${kind}`, { query, signal });
      yield* page[kind] ?? [];
      after = page.next;
    } while (after !== undefined);
  }

  /** Returns a description of the graph. */
  graph(): Promise<Graph> {
    return this.#http.json("GET", "/graph");
  }
}

interface Page<Item> {
  sessions?: Item[];
  chats?: Item[];
  next?: string;
}
