import { Http, type Token } from "./http.ts";
import { Session } from "./session.ts";
import type { AnyGraph, ChatSummary, Graph, GraphTypes, SessionSummary } from "./types.ts";

/** How to talk to a server. */
export interface BurdockOptions {
  /** A bearer token, or what gets one for each request. */
  token?: Token;
  /** Another `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** Which sessions to list. */
export interface ListOptions {
  /** Only ids that begin so. */
  prefix?: string;
  /** How many are asked for at a time. */
  limit?: number;
  signal?: AbortSignal;
}

/** A graph on a burdock server. */
export class Burdock<G extends GraphTypes = AnyGraph> {
  readonly #http: Http;

  /** `base` is where the router is nested; in a browser it may be a path. */
  constructor(base: string | URL, options: BurdockOptions = {}) {
    this.#http = new Http(base, options.token, options.fetch);
  }

  /** A session, whether or not it is there already. Asks the server nothing. */
  session(id: string): Session<G> {
    return new Session(this.#http, id);
  }

  /** All sessions, in the order of their ids. */
  sessions(options: ListOptions = {}): AsyncGenerator<SessionSummary, void, undefined> {
    return this.#pages("sessions", options);
  }

  /** The same of a server of chats, which are read for their titles. */
  chats(options: ListOptions = {}): AsyncGenerator<ChatSummary, void, undefined> {
    return this.#pages("chats", options);
  }

  async *#pages<One>(
    what: "sessions" | "chats",
    { prefix, limit, signal }: ListOptions,
  ): AsyncGenerator<One, void, undefined> {
    let after: string | undefined;
    do {
      const query = { prefix, limit, after };
      const page = await this.#http.json<Page<One>>("GET", `/${what}`, { query, signal });
      yield* page[what] ?? [];
      after = page.next;
    } while (after !== undefined);
  }

  /** The graph. */
  graph(): Promise<Graph> {
    return this.#http.json("GET", "/graph");
  }
}

interface Page<One> {
  sessions?: One[];
  chats?: One[];
  next?: string;
}
