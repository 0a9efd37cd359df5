import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { LogEntry } from "./log.ts";
import { FakeSession, type Inputs, type Message } from "./session.ts";

/** What goes wrong with a stream: each connection takes one from the front. */
export interface Fault {
  /** Answers with this instead. */
  status?: number;
  code?: string;
  fields?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** Breaks off after so many bytes of the body. */
  bytes?: number;
  /** By closing the socket, or with a clean end. */
  how?: "destroy" | "end";
  /** Sends this, and nothing of the session. */
  says?: string;
}

const TERMINAL = new Set(["run_paused", "run_stopped", "run_failed", "run_ended"]);

/**
 * Speaks the protocol of burdock-serve for a graph that answers with the words of the prompt, and
 * misbehaves where it is told to.
 */
export class FakeServer {
  readonly sessions = new Map<string, FakeSession>();
  readonly faults: Fault[] = [];
  /** The requests, as `METHOD /path?query`. */
  readonly requests: string[] = [];
  /** What is waited for before each item. */
  pace: () => Promise<void> = () => setImmediate();
  /** The sizes that bodies are written in; everything at once when empty. */
  chunks: number[] = [];
  token: string | undefined;
  retry = 1;
  /** Which field of a block comes first. */
  first: "id" | "data" = "data";
  /** What is done between reading a session and looking whether a run is under way. */
  between: (() => Promise<void>) | undefined;
  /** Where the routes are nested. */
  prefix = "";
  /** What else it serves, for pages. */
  readonly other: ((path: string, answer: ServerResponse) => boolean) | undefined;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();

  constructor(other?: (path: string, answer: ServerResponse) => boolean) {
    this.other = other;
    this.#server = createServer((request, answer) => {
      this.#serve(request, answer).catch((error: unknown) => answer.destroy(error as Error));
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

  /** How many readers there are. */
  get readers(): number {
    return this.#streams.size;
  }

  /** A keep-alive to every reader. */
  keepAlive(): void {
    for (const stream of this.#streams) stream.write(": keep-alive\n");
  }

  /** Cuts every stream, as a network does. */
  drop(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** Dies, and is there again at once, without the last entries of each session. */
  crash(lost = 0): void {
    this.drop();
    for (const [id, session] of this.sessions) {
      session.crash(lost);
      if (session.log.entries.length === 0) this.sessions.delete(id);
    }
  }

  /** Ends every stream with an `error`. */
  error(code: string): void {
    for (const stream of this.#streams) {
      stream.end(`data: ${JSON.stringify({ type: "error", at: 1, code, detail: code })}\n\n`);
    }
  }

  async #serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = "GET" } = request;
    const url = new URL(request.url ?? "/", "http://fake");
    this.requests.push(`${method} ${url.pathname}${url.search}`);
    if (!url.pathname.startsWith(`${this.prefix}/`)) {
      if (this.other?.(url.pathname, answer)) return;
      return problem(answer, 404, "not_found");
    }
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      return problem(answer, 401, "unauthorized");
    }
    const [, top, id, ...rest] = url.pathname.slice(this.prefix.length).split("/").map(decodeURIComponent);
    if (top === "graph") return json(answer, 200, { name: "Echo", nodes: [{ name: "answer" }] });
    if (top === "chats" && id === undefined) return this.#list("chats", url, answer);
    if (top !== "sessions") return problem(answer, 404, "not_found");
    if (id === undefined) return this.#list("sessions", url, answer);
    const route = `${method} ${rest.join("/")}`;
    const body = await text(request);
    if (route === "POST runs") return this.#run(id, JSON.parse(body) as Inputs, url, request, answer);
    if (route === "POST chat") {
      return this.#chat(id, JSON.parse(body) as Inputs, answer);
    }
    const session = this.sessions.get(id);
    if (session === undefined) return problem(answer, 404, "unknown_session");
    switch (route) {
      case "GET events":
      case "GET chat/events":
        return this.#follow(session, rest[0] === "chat", url, request, answer);
      case "POST resume":
        if (session.working) return problem(answer, 409, "running");
        if (session.position.at !== "unfinished") return problem(answer, 409, "at_rest");
        return this.#begin(id, session, () => session.resume(), url, answer);
      case "POST stop":
        session.stop();
        return void answer.writeHead(204).end();
      case "POST fork": {
        const { session: name } = JSON.parse(body) as { session: string };
        this.sessions.set(name, new FakeSession(() => this.pace()));
        return void answer.writeHead(201, { location: `/sessions/${name}` }).end();
      }
      case "GET ":
        return json(answer, 200, await this.#describe(id, session));
      case "GET chat":
        return json(answer, 200, {
          ...(await this.#describe(id, session)),
          cursor: session.committed,
          ...page(session.messages, url.searchParams),
          title: "Echo",
        });
      case "DELETE ":
        this.sessions.delete(id);
        return void answer.writeHead(204).end();
      default:
        return problem(answer, 404, "not_found");
    }
  }

  #list(what: "sessions" | "chats", url: URL, answer: ServerResponse): void {
    const limit = Number(url.searchParams.get("limit") ?? 2);
    const after = url.searchParams.get("after") ?? "";
    const prefix = url.searchParams.get("prefix") ?? "";
    const ids = [...this.sessions.keys()].sort().filter((id) => id > after && id.startsWith(prefix));
    const shown = ids.slice(0, limit);
    const title = (id: string) => (what === "chats" ? { title: `the chat ${id}` } : {});
    const page = shown.map((session) => ({ session, created: 1, updated: 2, running: false, ...title(session) }));
    json(answer, 200, { [what]: page, ...(ids.length > limit ? { next: shown.at(-1) } : {}) });
  }

  #run(id: string, inputs: Inputs, url: URL, request: IncomingMessage, answer: ServerResponse): void {
    const { "if-match": must, "if-none-match": mustNot } = request.headers;
    let session = this.sessions.get(id);
    if (session === undefined && must === "*") return problem(answer, 412, "precondition_failed");
    if (session !== undefined && mustNot === "*") return problem(answer, 412, "session_exists");
    if (typeof inputs.prompt !== "string") {
      return problem(answer, 422, "invalid_inputs", { detail: "missing field `prompt`" });
    }
    if (session?.working) return problem(answer, 409, "running");
    if (session?.position.at === "unfinished" && url.searchParams.get("if_unfinished") !== "restart") {
      return problem(answer, 409, "unfinished");
    }
    session ??= new FakeSession(() => this.pace());
    this.sessions.set(id, session);
    this.#begin(id, session, () => session.begin(inputs), url, answer);
  }

  #chat(id: string, inputs: Inputs, answer: ServerResponse): void {
    let session = this.sessions.get(id);
    if (session?.working) return problem(answer, 409, "running");
    session ??= new FakeSession(() => this.pace());
    this.sessions.set(id, session);
    const { cursor } = session.log;
    session.begin({ ...inputs, fail: inputs.prompt.includes("fail") });
    json(answer, 202, { session: id, cursor });
  }

  #begin(id: string, session: FakeSession, begin: () => void, url: URL, answer: ServerResponse): void {
    const { cursor } = session.log;
    const next = session.log.entries.length;
    answer.setHeader("burdock-cursor", cursor);
    begin();
    if (url.searchParams.get("stream") === "false") return json(answer, 202, { session: id, cursor });
    void this.#stream(session, { next, rewound: false, until: true, chat: false }, answer);
  }

  #follow(
    session: FakeSession,
    chat: boolean,
    url: URL,
    request: IncomingMessage,
    answer: ServerResponse,
  ): void {
    const header = request.headers["last-event-id"];
    const from = (header as string | undefined) || url.searchParams.get("from") || undefined;
    const place = session.log.look(from);
    if (place === undefined) return problem(answer, 400, "invalid_cursor");
    const until = url.searchParams.get("until") === "run";
    const seen = session.log.entries[place.next - 1];
    if (until && !place.rewound && seen !== undefined && TERMINAL.has(seen.event.type)) {
      const more = session.log.entries.slice(place.next);
      const begun = more.some(({ event }) => /^run_(started|resumed)$/.test(event.type));
      if (!begun) return void answer.writeHead(204).end();
    }
    void this.#stream(session, { ...place, until, chat }, answer);
  }

  async #describe(id: string, session: FakeSession) {
    const { step, run, created, position } = session;
    const { cursor } = session.log;
    await this.between?.();
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
    answer: ServerResponse,
  ): Promise<void> {
    const fault = this.faults.shift() ?? {};
    if (fault.status !== undefined) {
      for (const [name, value] of Object.entries(fault.headers ?? {})) answer.setHeader(name, value);
      return problem(answer, fault.status, fault.code ?? "internal", fault.fields);
    }
    answer.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
      ...fault.headers,
    });
    answer.flushHeaders();
    this.#streams.add(answer);
    let open = true;
    answer.on("close", () => {
      open = false;
      this.#streams.delete(answer);
      session.log.wake();
    });
    let left = fault.bytes ?? Number.POSITIVE_INFINITY;
    const write = async (block: string) => {
      const bytes = Buffer.from(block).subarray(0, left);
      left -= bytes.length;
      for (let begin = 0, chunk = 0; begin < bytes.length && open; chunk += 1) {
        const size = this.chunks[chunk % this.chunks.length] ?? bytes.length;
        await written(answer, bytes.subarray(begin, (begin += size)));
        if (this.chunks.length > 0) await setImmediate();
      }
      if (left > 0 || !open) return;
      if (fault.how === "end") answer.end();
      else answer.destroy();
      open = false;
    };
    if (fault.says !== undefined) {
      await write(fault.says);
      answer.end();
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
      const entry = shown(session.log.entries[next]!, place.chat);
      if (entry === undefined) continue;
      await write(retry + this.#block(entry.cursor, entry.event));
      retry = "";
      if (place.until && TERMINAL.has(entry.event.type)) return void answer.end();
    }
  }
}

function shown({ cursor, event }: LogEntry, chat: boolean): LogEntry | undefined {
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

/** A page of messages: the newest, or those before an index. */
function page(messages: Message[], query: URLSearchParams): { first: number; messages: Message[] } {
  const end = Math.min(Number(query.get("before") ?? messages.length), messages.length);
  const first = Math.max(0, end - Number(query.get("limit") ?? 50));
  return { first, messages: messages.slice(first, end) };
}

function json(answer: ServerResponse, status: number, body: object): void {
  answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function problem(answer: ServerResponse, status: number, code: string, fields: object = {}): void {
  const body = { type: "about:blank", title: code, status, code, detail: `${code}.`, ...fields };
  answer.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
}

async function text(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

function written(answer: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => void answer.write(bytes, () => resolve()));
}
