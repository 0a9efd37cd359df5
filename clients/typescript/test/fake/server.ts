import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { LogEntry } from "./log.ts";
import { FakeSession, type Inputs, type Message } from "./session.ts";

/** A fault of a stream. Each connection takes the first of the list. */
export interface Fault {
  /** Responds with this status instead. */
  status?: number;
  code?: string;
  fields?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** Ends the body after this number of bytes. */
  bytes?: number;
  /** How the body ends: by closing the socket, or cleanly. */
  how?: "destroy" | "end";
  /** Sends this body instead of the session's events. */
  body?: string;
}

const TERMINAL = new Set(["run_paused", "run_stopped", "run_failed", "run_ended"]);

/**
 * A server with the protocol of burdock-serve for a graph that echoes the prompt word by word, with fault
 * injection.
 */
export class FakeServer {
  readonly sessions = new Map<string, FakeSession>();
  readonly faults: Fault[] = [];
  /** The requests, as `METHOD /path?query`. */
  readonly requests: string[] = [];
  /** Awaited before each item. */
  pace: () => Promise<void> = () => setImmediate();
  /** Sizes of the chunks of a body. If empty, each event is one chunk. */
  chunks: number[] = [];
  token: string | undefined;
  retry = 1;
  /** The first field of an event block. */
  first: "id" | "data" = "data";
  /** Called after reading a session and before checking whether it has a run in progress. */
  beforeRunningCheck: (() => Promise<void>) | undefined;
  /** Path under which the routes are nested. */
  prefix = "";
  /** Serves other paths, for pages. */
  readonly other: ((path: string, response: ServerResponse) => boolean) | undefined;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  constructor(other?: (path: string, response: ServerResponse) => boolean) {
    this.other = other;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  async listen(port = 0): Promise<string> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Number of open event streams. */
  get readers(): number {
    return this.#streams.size;
  }

  /** Sends a keep-alive comment to every reader. */
  keepAlive(): void {
    for (const stream of this.#streams) stream.write(": keep-alive\n");
  }

  /** Closes the socket of every stream, like a network failure. */
  drop(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** Simulates a crash and restart that loses the last `lost` entries of each session. */
  crash(lost = 0): void {
    this.drop();
    for (const [id, session] of this.sessions) {
      session.crash(lost);
      if (session.log.entries.length === 0) this.sessions.delete(id);
    }
  }

  /** Ends every stream with an `error` event. */
  error(code: string): void {
    for (const stream of this.#streams) {
      stream.end(`data: ${JSON.stringify({ type: "error", at: 1, code, detail: code })}\n\n`);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET" } = request;
    const url = new URL(request.url ?? "/", "http://fake");
    this.requests.push(`${method} ${url.pathname}${url.search}`);
    if (!url.pathname.startsWith(`${this.prefix}/`)) {
      if (this.other?.(url.pathname, response)) return;
      return problem(response, 404, "not_found");
    }
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      return problem(response, 401, "unauthorized");
    }
    const [, top, id, ...rest] = url.pathname.slice(this.prefix.length).split("/").map(decodeURIComponent);
    if (top === "graph") return json(response, 200, { name: "Echo", nodes: [{ name: "answer" }] });
    if (top === "chats" && id === undefined) return this.#list("chats", url, response);
    if (top !== "sessions") return problem(response, 404, "not_found");
    if (id === undefined) return this.#list("sessions", url, response);
    const route = `${method} ${rest.join("/")}`;
    const body = await text(request);
    if (route === "POST runs") return this.#run(id, JSON.parse(body) as Inputs, url, request, response);
    if (route === "POST chat") {
      return this.#chat(id, JSON.parse(body) as Inputs, response);
    }
    const session = this.sessions.get(id);
    if (session === undefined) return problem(response, 404, "unknown_session");
    switch (route) {
      case "GET events":
      case "GET chat/events":
        return this.#follow(session, rest[0] === "chat", url, request, response);
      case "POST resume":
        if (session.working) return problem(response, 409, "running");
        if (session.position.at !== "unfinished") return problem(response, 409, "at_rest");
        return this.#start(id, session, () => session.resume(), url, response);
      case "POST stop":
        session.stop();
        return void response.writeHead(204).end();
      case "POST fork": {
        const { session: name } = JSON.parse(body) as { session: string };
        this.sessions.set(name, new FakeSession(() => this.pace()));
        return void response.writeHead(201, { location: `/sessions/${name}` }).end();
      }
      case "GET ":
        return json(response, 200, await this.#describe(id, session));
      case "GET chat":
        return json(response, 200, {
          ...(await this.#describe(id, session)),
          cursor: session.committed,
          ...page(session.messages, url.searchParams),
          title: "Echo",
        });
      case "DELETE ":
        this.sessions.delete(id);
        return void response.writeHead(204).end();
      default:
        return problem(response, 404, "not_found");
    }
  }

  #list(what: "sessions" | "chats", url: URL, response: ServerResponse): void {
    const limit = Number(url.searchParams.get("limit") ?? 2);
    const after = url.searchParams.get("after") ?? "";
    const prefix = url.searchParams.get("prefix") ?? "";
    const ids = [...this.sessions.keys()].sort().filter((id) => id > after && id.startsWith(prefix));
    const listed = ids.slice(0, limit);
    const title = (id: string) => (what === "chats" ? { title: `the chat ${id}` } : {});
    const page = listed.map((session) => ({ session, created: 1, updated: 2, running: false, ...title(session) }));
    json(response, 200, { [what]: page, ...(ids.length > limit ? { next: listed.at(-1) } : {}) });
  }

  #run(id: string, inputs: Inputs, url: URL, request: IncomingMessage, response: ServerResponse): void {
    const { "if-match": ifMatch, "if-none-match": ifNoneMatch } = request.headers;
    let session = this.sessions.get(id);
    if (session === undefined && ifMatch === "*") return problem(response, 412, "precondition_failed");
    if (session !== undefined && ifNoneMatch === "*") return problem(response, 412, "session_exists");
    if (typeof inputs.prompt !== "string") {
      return problem(response, 422, "invalid_inputs", { detail: "missing field `prompt`" });
    }
    if (session?.working) return problem(response, 409, "running");
    if (session?.position.at === "unfinished" && url.searchParams.get("if_unfinished") !== "restart") {
      return problem(response, 409, "unfinished");
    }
    session ??= new FakeSession(() => this.pace());
    this.sessions.set(id, session);
    this.#start(id, session, () => session.start(inputs), url, response);
  }

  #chat(id: string, inputs: Inputs, response: ServerResponse): void {
    let session = this.sessions.get(id);
    if (session?.working) return problem(response, 409, "running");
    session ??= new FakeSession(() => this.pace());
    this.sessions.set(id, session);
    const { cursor } = session.log;
    session.start({ ...inputs, fail: inputs.prompt.includes("fail") });
    json(response, 202, { session: id, cursor });
  }

  #start(id: string, session: FakeSession, start: () => void, url: URL, response: ServerResponse): void {
    const { cursor } = session.log;
    const next = session.log.entries.length;
    response.setHeader("burdock-cursor", cursor);
    start();
    if (url.searchParams.get("stream") === "false") return json(response, 202, { session: id, cursor });
    void this.#stream(session, { next, rewound: false, until: true, chat: false }, response);
  }

  #follow(
    session: FakeSession,
    chat: boolean,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const header = request.headers["last-event-id"];
    const from = (header as string | undefined) || url.searchParams.get("from") || undefined;
    const place = session.log.resume(from);
    if (place === undefined) return problem(response, 400, "invalid_cursor");
    const until = url.searchParams.get("until") === "run";
    const seen = session.log.entries[place.next - 1];
    if (until && !place.rewound && seen !== undefined && TERMINAL.has(seen.event.type)) {
      const more = session.log.entries.slice(place.next);
      const started = more.some(({ event }) => /^run_(started|resumed)$/.test(event.type));
      if (!started) return void response.writeHead(204).end();
    }
    void this.#stream(session, { ...place, until, chat }, response);
  }

  async #describe(id: string, session: FakeSession) {
    const { step, run, created, position } = session;
    const { cursor } = session.log;
    await this.beforeRunningCheck?.();
    const running = session.working !== undefined;
    const state = { turns: step };
    return { session: id, cursor, position, step, run, running, created, updated: created, state };
  }

  #block(id: string, event: object): string {
    const fields = [`id: ${id}\n`, `data: ${JSON.stringify(event)}\n`];
    return `${(this.first === "id" ? fields : fields.reverse()).join("")}\n`;
  }

  async #stream(
    session: FakeSession,
    place: { next: number; rewound: boolean; until: boolean; chat: boolean },
    response: ServerResponse,
  ): Promise<void> {
    const fault = this.faults.shift() ?? {};
    if (fault.status !== undefined) {
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
      return problem(response, fault.status, fault.code ?? "internal", fault.fields);
    }
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      ...fault.headers,
    });
    response.flushHeaders();
    this.#streams.add(response);
    let open = true;
    response.on("close", () => {
      open = false;
      this.#streams.delete(response);
      session.log.wake();
    });
    let left = fault.bytes ?? Number.POSITIVE_INFINITY;
    const write = async (block: string) => {
      const bytes = Buffer.from(block).subarray(0, left);
      left -= bytes.length;
      for (let start = 0, chunk = 0; start < bytes.length && open; chunk += 1) {
        const size = this.chunks[chunk % this.chunks.length] ?? bytes.length;
        await written(response, bytes.subarray(start, (start += size)));
        if (this.chunks.length > 0) await setImmediate();
      }
      if (left > 0 || !open) return;
      if (fault.how === "end") response.end();
      else response.destroy();
      open = false;
    };
    if (fault.body !== undefined) {
      await write(fault.body);
      response.end();
      return;
    }
    let retry = `retry: ${this.retry}\n`;
    if (place.rewound) {
      const to = session.log.entries[place.next - 1]?.cursor;
      await write(this.#block(to ?? "", { type: "rewound", at: 1, to }));
    }
    for (let { next } = place; open; next += 1) {
      while (open && next >= session.log.entries.length) await session.log.more();
      if (!open) return;
      const entry = visible(session.log.entries[next]!, place.chat);
      if (entry === undefined) continue;
      await write(retry + this.#block(entry.cursor, entry.event));
      retry = "";
      if (place.until && TERMINAL.has(entry.event.type)) return void response.end();
    }
  }
}

function visible({ cursor, event }: LogEntry, chat: boolean): LogEntry | undefined {
  if (event.type === "session_created") return undefined;
  if (chat && event.type === "item") {
    const { item, ...rest } = event;
    return { cursor, event: { ...rest, text: item } };
  }
  if (!chat && event.type === "run_started") {
    const { prompt: _, ...rest } = event;
    return { cursor, event: rest };
  }
  return { cursor, event };
}

/** Returns a page of messages: the newest, or those before an index. */
function page(messages: Message[], query: URLSearchParams): { first: number; messages: Message[] } {
  const end = Math.min(Number(query.get("before") ?? messages.length), messages.length);
  const first = Math.max(0, end - Number(query.get("limit") ?? 50));
  return { first, messages: messages.slice(first, end) };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, code: string, fields: object = {}): void {
  const body = { type: "about:blank", title: code, status, code, detail: `${code}.`, ...fields };
  response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
}

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

function written(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => void response.write(bytes, () => resolve()));
}
