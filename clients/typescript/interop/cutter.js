import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { createServer, request } from "node:http";

/**
 * A proxy that cuts the first event streams of each reader in the middle of an event: `cuts` has after
 * how many bytes of the body, one per connection. Readers are told apart by the query `reader`.
 */
export class Cutter {
  /** By reader, what each connection asked to go on from; undefined for one that did not say. */
  connections = new Map();
  #target;
  #cuts;
  #server;

  constructor(target, cuts) {
    this.#target = new URL(target);
    this.#cuts = cuts;
    this.#server = createServer((incoming, answer) => this.#serve(incoming, answer));
  }

  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #serve(incoming, answer) {
    const url = new URL(incoming.url, "http://cutter");
    if (url.pathname.startsWith("/__interop/")) return serveFile(url.pathname.slice(11), answer);
    const reader = url.searchParams.get("reader");
    url.searchParams.delete("reader");
    const path = this.#target.pathname.replace(/\/$/, "") + url.pathname + url.search;
    const { host, port } = { host: this.#target.hostname, port: this.#target.port };
    const headers = { ...incoming.headers, host: this.#target.host };
    const onward = request({ host, port, path, method: incoming.method, headers }, (response) => {
      const stream = /^text\/event-stream/.test(response.headers["content-type"] ?? "");
      answer.writeHead(response.statusCode, response.headers);
      if (!stream) return void response.pipe(answer);
      const seen = this.connections.get(reader) ?? [];
      this.connections.set(reader, [...seen, incoming.headers["last-event-id"]]);
      this.#cut(response, answer, this.#cuts[seen.length] ?? Number.POSITIVE_INFINITY);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }

  #cut(response, answer, left) {
    answer.flushHeaders();
    response.on("data", (bytes) => {
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      // what is before the cut has to arrive
      answer.write(passed, () => left <= 0 && setImmediate(() => answer.destroy()));
    });
    response.on("end", () => left > 0 && answer.end());
    response.on("error", () => answer.destroy());
  }
}

/** The module of fetch-event-source for the page, and the page itself. */
function serveFile(name, answer) {
  if (name === "") {
    answer.writeHead(200, { "content-type": "text/html" });
    return answer.end("<!doctype html><link rel=icon href=data:,><title>interop</title>");
  }
  const folder = new URL(".", import.meta.resolve("@microsoft/fetch-event-source").replace("/cjs/", "/esm/"));
  const file = new URL(/^[a-z]+$/.test(name) ? `${name}.js` : "none", folder);
  if (!existsSync(file)) return answer.writeHead(404).end();
  answer.writeHead(200, { "content-type": "text/javascript" });
  createReadStream(file).pipe(answer);
}
