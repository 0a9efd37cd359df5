/** A parser of `text/event-stream`, as specified in the HTML standard. */

/** A server-sent event. */
export interface SseEvent {
  /** Last event id of the stream so far; empty if none was sent, or an empty one. */
  id: string;
  /** The `event` field. Defaults to `message`. */
  event: string;
  data: string;
}

/** A part of a stream. */
export type SsePart =
  | { kind: "event"; event: SseEvent }
  /** A line that starts with a colon: servers send these to keep a connection alive. */
  | { kind: "comment"; text: string }
  /** Delay before a reconnect, in milliseconds. */
  | { kind: "retry"; delay: number };

/**
 * An incremental parser that takes bytes in chunks of any size. An event is returned once its blank line
 * has arrived, so that a truncated event is never returned.
 */
export class SseParser {
  #decoder = new TextDecoder("utf-8"); // drops a byte-order mark at the start
  #line = "";
  #afterCr = false;
  #data: string[] = [];
  #event = "";
  #id = "";

  /** Last event id of the stream. */
  get lastId(): string {
    return this.#id;
  }

  /** Parses the next bytes and returns the parts that are complete. */
  push(bytes: Uint8Array): SsePart[] {
    const parts: SsePart[] = [];
    const text = this.#decoder.decode(bytes, { stream: true });
    let start = 0;
    if (this.#afterCr && text.length > 0) {
      if (text[0] === "\n") start = 1;
      this.#afterCr = false;
    }
    const ends = /\r\n?|\n/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      this.#takeLine(this.#line + text.slice(start, end.index), parts);
      this.#line = "";
      start = ends.lastIndex;
      this.#afterCr = end[0] === "\r" && start === text.length;
    }
    this.#line += text.slice(start);
    return parts;
  }

  #takeLine(line: string, parts: SsePart[]): void {
    if (line === "") return this.#dispatch(parts);
    const colon = line.indexOf(":");
    if (colon === 0) {
      parts.push({ kind: "comment", text: line.slice(1) });
      return;
    }
    const name = colon < 0 ? line : line.slice(0, colon);
    const raw = colon < 0 ? "" : line.slice(colon + 1);
    const value = raw.startsWith(" ") ? raw.slice(1) : raw;
    switch (name) {
      case "data":
        this.#data.push(value);
        break;
      case "event":
        this.#event = value;
        break;
      case "id":
        if (!value.includes("\0")) this.#id = value;
        break;
      case "retry":
        if (/^[0-9]+$/.test(value)) parts.push({ kind: "retry", delay: Number(value) });
        break;
    }
  }

  #dispatch(parts: SsePart[]): void {
    if (this.#data.length > 0) {
      const event = this.#event === "" ? "message" : this.#event;
      parts.push({ kind: "event", event: { id: this.#id, event, data: this.#data.join("\n") } });
    }
    this.#data = [];
    this.#event = "";
  }
}
