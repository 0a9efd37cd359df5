// Requests to the server that served this page, and to no other.

/** Where the routes are: beside `assets/`, under whatever path they are nested. */
const ROOT = new URL("../", import.meta.url);

/** Messages in a page of a chat: as many as can be shown without a pause. */
const PAGE = 20;

/** An answer that is no success, as RFC 9457 describes it. */
export class Problem extends Error {
  constructor(status, fields) {
    super(fields.detail ?? fields.title ?? `the server answered ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = fields.code ?? "unknown";
    this.fields = fields;
  }
}

/** Makes the calls of the page; `token`, when there is one, goes with each. */
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
    /** A page of the messages: the newest, or those before an index. */
    chat: (id, { before, signal } = {}) =>
      json(`${session(id)}/chat?limit=${PAGE}${before === undefined ? "" : `&before=${before}`}`, { signal }),
    prompt: (id, prompt) => call("POST", `${session(id)}/chat`, { body: { prompt } }),
    resume: (id) => call("POST", `${session(id)}/resume?stream=false`),
    reopen: (id) => call("POST", `${session(id)}/reopen`),
    stop: (id) => call("POST", `${session(id)}/stop`),
    remove: (id) => call("DELETE", session(id)),
    /** The events up to the end of a run; 204 if no run has begun since. */
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
