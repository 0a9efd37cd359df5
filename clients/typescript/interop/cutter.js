import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { createServer, request } from "node:http";

/**
 * A proxy that cuts the first event streams of each reader in the middle of an event: `cuts` has the number
 * of body bytes after which each connection is cut. The query parameter `reader` identifies a reader.
 */
export class Cutter {
  /** The `last-event-id` of each connection, by reader; undefined if the header is missing. */
  connections = new Map();
  #target;
  #cuts;
  #server;

  constructor(target, cuts) {
    this.#target = new URL(target);
    this.#cuts = cuts;
    this.#server = createServer((incoming, response) => this.#serve(incoming, response));
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

  #serve(incoming, response) {
    const url = new URL(incoming.url, "http://cutter");
    if (url.pathname.startsWith("/__interop/")) return serveFile(url.pathname.slice(11), response);
    const reader = url.searchParams.get("reader");
    url.searchParams.delete("reader");
    const path = this.#target.pathname.replace(/\/$/, "") + url.pathname + url.search;
    const { host, port } = { host: this.#target.hostname, port: this.#target.port };
    const headers = { ...incoming.headers, host: this.#target.host };
    const proxied = request({ host, port, path, method: incoming.method, headers }, (upstream) => {
      const stream = /^text\/event-stream/.test(upstream.headers["content-type"] ?? "");
      response.writeHead(upstream.statusCode, upstream.headers);
      if (!stream) return void upstream.pipe(response);
      const seen = this.connections.get(reader) ?? [];
      this.connections.set(reader, [...seen, incoming.headers["last-event-id"]]);
      this.#cut(upstream, response, this.#cuts[seen.length] ?? Number.POSITIVE_INFINITY);
    });
    proxied.on("error", () => response.destroy());
    response.on("close", () => proxied.destroy());
    incoming.pipe(proxied);
  }

  #cut(upstream, response, left) {
    response.flushHeaders();
    upstream.on("data", (bytes) => {
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      // flush the bytes before the cut
      response.write(passed, () => left <= 0 && setImmediate(() => response.destroy()));
    });
    upstream.on("end", () => left > 0 && response.end());
    upstream.on("error", () => response.destroy());
  }
}

/** Serves the module of fetch-event-source, and the page that imports it. */
function serveFile(name, response) {
  if (name === "") {
    response.writeHead(200, { "content-type": "text/html" });
    return response.end("<!doctype html><link rel=icon href=data:,><title>interop</title>");
  }
  const folder = new URL(".", import.meta.resolve("@microsoft/fetch-event-source").replace("/cjs/", "/esm/"));
  const file = new URL(/^[a-z]+$/.test(name) ? `${name}.js` : "none", folder);
  if (!existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": "text/javascript" });
  createReadStream(file).pipe(response);
}
