// Requests to the server that served this page.

/** Base URL of the routes: the parent of `assets/`, under any path. */
const ROOT = new URL("../", import.meta.url);

/** Messages per page of a chat, few enough to be drawn without a noticeable delay. */
const PAGE = 20;

/** An error response (RFC 9457). */
export class Problem extends Error {
  constructor(status, fields) {
    super(fields.detail ?? fields.title ?? `the server responded with status ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = fields.code ?? "unknown";
    this.fields = fields;
  }
}

/** Returns the requests of the page; `token`, if present, is sent with each. */
export function api(token, send = (...call) => fetch(...call)) {
  async function call(method, path, { body, signal, accept = "application/json" } = {}) {
    const headers = { accept };
    if (token) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    const response = await send(new URL(path, ROOT), {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
    });
    if (!response.ok) throw new Problem(response.status, await problemOf(response));
    return response;
  }
  const json = async (path, options) => (await call("GET", path, options)).json();
  const session = (id) => `sessions/${encodeURIComponent(id)}`;

  return {
    graph: () => json("graph"),
    chats: (limit, after) => json(`chats?limit=${limit}${after ? `&after=${encodeURIComponent(after)}` : ""}`),
    /** Reads a page of messages: the newest, or those before an index. */
    chat: (id, { before, signal } = {}) =>
      json(`${session(id)}/chat?limit=${PAGE}${before === undefined ? "" : `&before=${before}`}`, { signal }),
    prompt: (id, prompt) => call("POST", `${session(id)}/chat`, { body: { prompt } }),
    resume: (id) => call("POST", `${session(id)}/resume?stream=false`),
    reopen: (id) => call("POST", `${session(id)}/reopen`),
    stop: (id) => call("POST", `${session(id)}/stop`),
    remove: (id) => call("DELETE", session(id)),
    /** Follows the events up to the end of a run; 204 if no run has started since `from`. */
    events: (id, from, signal) =>
      call("GET", `${session(id)}/chat/events?until=run${from ? `&from=${encodeURIComponent(from)}` : ""}`, {
        signal,
        accept: "text/event-stream",
      }),
  };
}

async function problemOf(response) {
  try {
    const fields = await response.json();
    return fields !== null && typeof fields === "object" ? fields : {};
  } catch {
    return {};
  }
}
