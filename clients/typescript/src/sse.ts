/** A parser of `text/event-stream`, as the HTML standard has it. */

/** One event. */
export interface SseEvent {
  /** The last `id` of the stream so far; empty when there was none, or an empty one. */
  id: string;
  /** The `event` field; `message` without one. */
  event: string;
  data: string;
}

/** What the parser found in some bytes. */
export type SsePart =
  | { kind: "event"; event: SseEvent }
  /** A line that begins with a colon: servers send them to keep a connection alive. */
  | { kind: "comment"; text: string }
  /** How long to wait before a reconnect, in milliseconds. */
  | { kind: "retry"; delay: number };

/**
 * Takes bytes in chunks of any size and hands out what is complete. An event whose blank line never
 * comes is never handed out, so one that was cut in the middle is not seen.
 */
export class SseParser {
  #decoder = new TextDecoder("utf-8"); // drops one byte-order mark at the beginning
  #line = "";
  #afterCr = false;
  #data: string[] = [];
  #event = "";
  #id = "";

  /** The last `id` of the stream. */
  get lastId(): string {
    return this.#id;
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): SsePart[] {
    const parts: SsePart[] = [];
    const text = this.#decoder.decode(bytes, { stream: true });
    let begin = 0;
    if (this.#afterCr && text.length > 0) {
      if (text[0] === "\n") begin = 1;
      this.#afterCr = false;
    }
    const ends = /\r\n?|\n/g;
    ends.lastIndex = begin;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      this.#takeLine(this.#line + text.slice(begin, end.index), parts);
      this.#line = "";
      begin = ends.lastIndex;
      this.#afterCr = end[0] === "\r" && begin === text.length;
    }
    this.#line += text.slice(begin);
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
