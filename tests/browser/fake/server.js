// A server with the page's part of the protocol, on a `Disk` that survives it.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { GRAPH } from "./graph.js";
import { plainScript, run } from "./run.js";

export const PAGE = new URL("../../../serve/src/chat/page/", import.meta.url);
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript", svg: "image/svg+xml" };

export class Fake {
  #alive = true;
  #runs = new Map();
  #sockets = new Set();
  #ended = [];
  requests = [];
  /** Number of open event streams. */
  streams = 0;

  /** `script(prompt, ctl)` yields the words of an answer; `base` is the path under which the server is nested. */
  constructor(disk, { script = plainScript, token = null, base = "/" } = {}) {
    Object.assign(this, { disk, script, token, base });
    this.server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      this.#respond(request, response).catch((error) => {
        if (!response.headersSent) problem(response, 500, "internal", error.message);
        else response.destroy();
      });
    });
    this.server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  async listen(port = 0) {
    await new Promise((done) => this.server.listen(port, "127.0.0.1", done));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}${this.base}`;
    return this;
  }

  /** Stops immediately, like a killed process. */
  async kill() {
    this.#alive = false;
    for (const { ctl } of this.#runs.values()) ctl.die();
    const closed = new Promise((done) => this.server.close(done));
    this.cut();
    await closed;
  }

  /** Waits until an event stream is closed. */
  closed() {
    return new Promise((ended) => this.#ended.push(ended));
  }

  /** Closes every connection, like a network failure. */
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #respond(request, response) {
    const url = new URL(request.url, this.url);
    const path = url.pathname.slice(this.base.length - 1);
    const { method } = request;
    if (method === "GET" && path === "/") return file(response, "index.html", { "content-security-policy": CSP });
    if (method === "GET" && path.startsWith("/assets/")) return file(response, path.slice(8));
    if (this.token && request.headers.authorization !== `Bearer ${this.token}`) {
      return problem(response, 401, "unauthorized", "a bearer token is required");
    }
    if (path === "/graph") return json(response, 200, GRAPH);
    if (path === "/chats") return json(response, 200, this.#list(url.searchParams));
    const found = /^\/sessions\/([^/]+)(\/.*)?$/.exec(path);
    if (!found) return problem(response, 404, "not_found", "no such route");
    const id = decodeURIComponent(found[1]);
    const route = `${method} ${found[2] ?? ""}`;
    if (route === "POST /chat") return this.#prompt(id, await body(request), response);
    const session = this.disk.get(id);
    if (!session) return problem(response, 404, "unknown_session", `no session \`${id}\``);
    switch (route) {
      case "GET /chat":
        return json(response, 200, this.#chat(session, url.searchParams));
      case "GET /chat/events":
        return this.#events(session, url.searchParams.get("from"), url.searchParams.get("until") === "run", response);
      case "POST /stop":
        this.#runs.get(id)?.ctl.stop();
        return response.writeHead(204).end();
      case "POST /resume":
        return this.#resume(session, response);
      case "POST /reopen":
        session.append("session_reopened", { node: "prompt" });
        return response.writeHead(204).end();
      case "DELETE ":
        this.disk.sessions.delete(id);
        session.deleted = true;
        session.wake();
        return response.writeHead(204).end();
      default:
        return problem(response, 405, "method_not_allowed", route);
    }
  }

  #list(query) {
    const limit = Number(query.get("limit") ?? 100);
    const ids = [...this.disk.sessions.keys()].sort().filter((id) => id > (query.get("after") ?? ""));
    const chats = ids.slice(0, limit).map((id) => {
      const { created, updated, history } = this.disk.get(id);
      const title = history.find(({ role }) => role === "user")?.text.slice(0, 100);
      return { session: id, created, updated, running: this.#runs.has(id), title };
    });
    return { chats, next: ids.length > limit ? chats.at(-1).session : undefined };
  }

  /** Returns a page of a chat, with the limits of `chat/routes.rs`. */
  #chat(session, query) {
    const { history } = session;
    const end = Math.min(Number(query.get("before") ?? history.length), history.length);
    const limit = Math.min(500, Math.max(1, Number(query.get("limit") ?? 50)));
    let first = end;
    for (let bytes = 0; first > 0 && end - first < limit; first -= 1) {
      bytes += Buffer.byteLength(history[first - 1].text);
      if (first < end && bytes > 1 << 20) break;
    }
    return {
      session: session.id,
      cursor: session.cursor(session.moved),
      run: session.beforeRun,
      first,
      messages: history.slice(first, end),
      position: session.position,
      running: this.#runs.has(session.id),
      title: GRAPH.name,
    };
  }

  #prompt(id, { prompt }, response) {
    if (typeof prompt !== "string") return problem(response, 422, "invalid_inputs", "`prompt` must be a string");
    if (this.#runs.has(id)) return problem(response, 409, "running", "a run is in progress");
    let session = this.disk.get(id);
    if (session?.position.at === "ended") return problem(response, 409, "ended", "the session has ended");
    session = this.disk.open(id);
    if (session.entries.length === 0) session.append("session_created", { history: [] });
    const cursor = session.cursor(session.entries.at(-1));
    session.append("run_started", { run: session.runs + 1, node: "prompt", prompt });
    this.#run(session, "prompt", prompt);
    json(response, 202, { session: id, cursor });
  }

  #resume(session, response) {
    if (this.#runs.has(session.id)) return problem(response, 409, "running", "a run is in progress");
    const { at, node } = session.position;
    if (at !== "unfinished") return problem(response, 409, "at_rest", "there is no unfinished run");
    session.epoch += 1;
    const cursor = session.cursor(session.entries.at(-1));
    session.append("run_resumed", { node });
    this.#run(session, node, session.prompt);
    json(response, 202, { session: session.id, cursor });
  }

  #run(session, from, prompt) {
    if (session.uncommitted.length > 0) {
      const { step, node } = session.uncommitted[0];
      session.append("items_superseded", { step, node, items: session.uncommitted.length });
    }
    const ctl = new Control();
    this.#runs.set(session.id, { ctl });
    run(session, { script: this.script, from, prompt, ctl, isAlive: () => this.#alive && !session.deleted }).finally(() =>
      this.#runs.delete(session.id),
    );
  }

  async #events(session, from, untilRun, response) {
    if (untilRun && from && this.#isCaughtUp(session, from)) return response.writeHead(204).end();
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
    let first = true;
    const send = (id, data) => {
      response.write(`${id === undefined ? "" : `id: ${id}\n`}${first ? "retry: 200\n" : ""}data: ${JSON.stringify(data)}\n\n`);
      first = false;
    };
    let [epoch, at] = from ? from.split(".").map(Number) : [0, -1];
    response.flushHeaders();
    this.streams += 1;
    response.on("close", () => {
      this.streams -= 1;
      this.#ended.splice(0).forEach((ended) => ended());
      session.wake();
    });
    while (this.#alive && !response.destroyed) {
      if (session.deleted) {
        send(undefined, { type: "error", code: "deleted", detail: "the session was deleted" });
        return response.end();
      }
      const known = session.entries.findLast((entry) => entry.offset <= at && entry.epoch <= epoch);
      if (at >= 0 && (known?.offset ?? -1) < at) {
        const to = known && session.cursor(known);
        send(to ?? "", { type: "rewound", at: Date.now(), ...(to && { to }) });
        [epoch, at] = known ? [known.epoch, known.offset] : [0, -1];
        continue;
      }
      for (const entry of session.entries.slice(at + 1)) {
        const { epoch: _, offset, history, ...event } = entry;
        if (entry.type !== "session_created") send(session.cursor(entry), event);
        [epoch, at] = [entry.epoch, offset];
        if (untilRun && isTerminal(entry)) return response.end();
      }
      if (untilRun && session.position.at === "unfinished" && !this.#runs.has(session.id)) {
        send(undefined, { type: "error", code: "interrupted", detail: "the run was interrupted" });
        return response.end();
      }
      await new Promise((wake) => {
        session.waiting.add(wake);
      });
    }
  }

  /** Whether a reader has received the last run to its end, or all events of an interrupted one. */
  #isCaughtUp(session, from) {
    const [epoch, at] = from.split(".").map(Number);
    const last = session.entries.at(-1);
    if (session.entries[at]?.epoch !== epoch) return false;
    if (isTerminal(session.entries[at])) return !session.entries.slice(at + 1).some(({ type }) => /^run_(started|resumed)$/.test(type));
    return last.offset === at && session.position.at === "unfinished" && !this.#runs.has(session.id);
  }
}

const isTerminal = ({ type }) => /^run_(paused|ended|failed|halted|stopped|cancelled)$/.test(type);

class Control {
  attempt = 1;
  stopped = false;
  #stops = [];

  stop() {
    this.stopped = true;
    for (const stop of this.#stops) stop();
  }

  die() {
    for (const stop of this.#stops) stop();
  }

  /** Waits for a promise or a stop. */
  wait(promise) {
    return Promise.race([promise, new Promise((stop) => this.#stops.push(stop))]);
  }
}

async function file(response, name, headers = {}) {
  try {
    const text = await readFile(new URL(name, PAGE));
    response.writeHead(200, { "content-type": TYPES[name.split(".").at(-1)], "x-content-type-options": "nosniff", ...headers });
    response.end(text);
  } catch {
    problem(response, 404, "not_found", name);
  }
}

async function body(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return JSON.parse(text);
}

function json(response, status, value) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

function problem(response, status, code, detail) {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title: code, status, code, detail }));
}
