import { ConnectionLostError, ProtocolError, fromResponse } from "./errors.ts";

/** A bearer token, or a function that returns one for each request. */
export type Token = string | (() => string | Promise<string>);

/** Parts of a request besides its method and path. */
export interface RequestParts {
  query?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** An HTTP client for one base URL. */
export class Http {
  readonly #base: string;
  readonly #token: Token | undefined;
  readonly #fetch: typeof globalThis.fetch;

  constructor(base: string | URL, token?: Token, fetch?: typeof globalThis.fetch) {
    this.#base = String(base).replace(/\/+$/, "");
    this.#token = token;
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Sends a request. Throws the error that the response describes unless it succeeds. */
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
    let response;
    try {
      response = await this.#fetch(this.#base + path + query(parts.query), init);
    } catch (error) {
      if (parts.signal?.aborted) throw error;
      throw new ConnectionLostError(`${method} ${path}: cannot reach the server`, undefined, error);
    }
    if (!response.ok) throw await fromResponse(response);
    return response;
  }

  async #getToken(): Promise<string | undefined> {
    if (typeof this.#token !== "function") return this.#token;
    try {
      return await this.#token();
    } catch (error) {
      throw new ConnectionLostError("the token function failed", undefined, error);
    }
  }

  /** Sends a request and parses the response as JSON. */
  async json<T>(method: string, path: string, parts: RequestParts = {}): Promise<T> {
    const response = await this.request(method, path, parts);
    try {
      return (await response.json()) as T;
    } catch (error) {
      if (parts.signal?.aborted) throw error;
      if (!(error instanceof SyntaxError)) {
        throw new ConnectionLostError(`${method} ${path}: the response is incomplete`, undefined, error);
      }
      throw new ProtocolError(`${method} ${path}: the response is not JSON`, error);
    }
  }

  /** Sends a request and discards the body of the response. */
  async done(method: string, path: string, parts: RequestParts = {}): Promise<void> {
    const response = await this.request(method, path, parts);
    await response.body?.cancel();
  }
}

/** Serializes a `bigint` as an `Integer`. */
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
