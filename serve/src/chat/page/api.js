// Requests to the server that served this page, and to no other.

/** Where the routes are: beside `assets/`, under whatever path they are nested. */
const ROOT = new URL("../", import.meta.url);

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
    chats: (limit) => json(`chats?limit=${limit}`),
    chat: (id, signal) => json(`${session(id)}/chat`, { signal }),
    prompt: (id, prompt) => call("POST", `${session(id)}/chat`, { body: { prompt } }),
    resume: (id) => call("POST", `${session(id)}/resume?stream=false`),
    reopen: (id) => call("POST", `${session(id)}/reopen`),
    stop: (id) => call("POST", `${session(id)}/stop`),
    events: (id, from, signal) =>
      call("GET", `${session(id)}/chat/events${from ? `?from=${encodeURIComponent(from)}` : ""}`, {
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
