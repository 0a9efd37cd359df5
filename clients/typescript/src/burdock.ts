import { Http, type Token } from "./http.ts";
import { Session } from "./session.ts";
import type { AnyGraph, Graph, GraphTypes, SessionSummary } from "./types.ts";

/** How to talk to a server. */
export interface BurdockOptions {
  /** A bearer token, or what gets one for each request. */
  token?: Token;
  /** Another `fetch`. */
  fetch?: typeof globalThis.fetch;
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

  /** All sessions, in the order of their ids; `limit` is how many are asked for at a time. */
  async *sessions(
    options: { prefix?: string; limit?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<SessionSummary, void, undefined> {
    const { prefix, limit, signal } = options;
    let after: string | undefined;
    do {
      const query = { prefix, limit, after };
      const page = await this.#http.json<Page>("GET", "/sessions", { query, signal });
      yield* page.sessions;
      after = page.next;
    } while (after !== undefined);
  }

  /** The graph. */
  graph(): Promise<Graph> {
    return this.#http.json("GET", "/graph");
  }
}

interface Page {
  sessions: SessionSummary[];
  next?: string;
}
