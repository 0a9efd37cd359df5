import { ConnectionLost, ProtocolError, fromAnswer } from "./errors.ts";

/** A bearer token, or what gets one for each request. */
export type Token = string | (() => string | Promise<string>);

/** What a request has beside its method and path. */
export interface RequestParts {
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** The one place that talks HTTP. */
export class Http {
  readonly #base: string;
  readonly #token: Token | undefined;
  readonly #fetch: typeof globalThis.fetch;

  constructor(base: string | URL, token?: Token, fetch?: typeof globalThis.fetch) {
    this.#base = String(base).replace(/\/+$/, "");
    this.#token = token;
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Asks; throws what the answer stands for unless it is a success. */
  async request(method: string, path: string, parts: RequestParts = {}): Promise<Response> {
    const headers: Record<string, string> = { ...parts.headers };
    const token = await this.#getToken();
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    const init: RequestInit = { method, headers, cache: "no-store" };
    if (parts.signal !== undefined) init.signal = parts.signal;
    if (parts.body !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(parts.body, integers);
    }
    let answer;
    try {
      answer = await this.#fetch(this.#base + path + query(parts.query), init);
    } catch (error) {
      if (parts.signal?.aborted) throw error;
      throw new ConnectionLost(`${method} ${path}: the server could not be reached`, undefined, error);
    }
    if (!answer.ok) throw await fromAnswer(answer);
    return answer;
  }

  async #getToken(): Promise<string | undefined> {
    if (typeof this.#token !== "function") return this.#token;
    try {
      return await this.#token();
    } catch (error) {
      throw new ConnectionLost("no token could be had", undefined, error);
    }
  }

  /** Asks for JSON. */
  async json<T>(method: string, path: string, parts: RequestParts = {}): Promise<T> {
    const answer = await this.request(method, path, parts);
    try {
      return (await answer.json()) as T;
    } catch (error) {
      if (parts.signal?.aborted) throw error;
      if (!(error instanceof SyntaxError)) {
        throw new ConnectionLost(`${method} ${path}: the answer was cut`, undefined, error);
      }
      throw new ProtocolError(`${method} ${path}: the answer is not JSON`, error);
    }
  }

  /** Asks for nothing but success. */
  async done(method: string, path: string, parts: RequestParts = {}): Promise<void> {
    const answer = await this.request(method, path, parts);
    await answer.body?.cancel();
  }
}

/** Writes a `bigint` as an `Integer`. */
function integers(_: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function query(fields: RequestParts["query"] = {}): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}
