// Server-sent events over fetch, which unlike EventSource supports a token and exposes error responses.

/** Time without data after which a stream is aborted; the server sends a comment every 15 seconds. */
const IDLE_TIMEOUT = 40_000;

/** Longest time to process events before the page may draw, in milliseconds. */
const MAX_BUSY = 8;

/** An incremental parser of event streams. */
export class Parser {
  #rest = "";
  #data = [];
  #id = undefined;
  #retry = undefined;
  #afterCr = false;

  /** Parses the next piece of text; returns the blocks `{ id, data, retry }` that it completes. */
  push(text) {
    // the LF of a CR LF that was split across two pieces
    if (this.#afterCr && text !== "") {
      if (text[0] === "\n") text = text.slice(1);
      this.#afterCr = false;
    }
    // search only the new text: the rest has no line ending
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop();
    if (text !== "") this.#afterCr = text.endsWith("\r");
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.#retry = Number(value);
    return [];
  }

  #dispatch() {
    const block = { id: this.#id, data: this.#data.join("\n"), retry: this.#retry };
    const empty = this.#data.length === 0;
    this.#data = [];
    this.#id = this.#retry = undefined;
    return empty ? [] : [block];
  }
}

/** Calls `onEvent(event, id, retry)` for each event of a response, until the stream ends. */
export async function read(response, onEvent, { idleTimeout = IDLE_TIMEOUT, abort = () => {} } = {}) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new Parser();
  let timer;
  let since = performance.now();
  try {
    for (;;) {
      timer = setTimeout(abort, idleTimeout);
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      for (const { id, data, retry } of parser.push(value)) {
        onEvent(JSON.parse(data), id, retry);
        if (performance.now() - since < MAX_BUSY) continue;
        await yieldToBrowser();
        since = performance.now();
      }
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}

/** Lets the page draw. Uses a message channel because timers of hidden pages are throttled. */
function yieldToBrowser() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resume) => {
    port1.onmessage = () => {
      port1.close();
      resume();
    };
    port2.postMessage(null);
  });
}

/** Exponential backoff with jitter. */
export class Backoff {
  #attempts = 0;

  constructor({ first = 500, most = 8000, random = Math.random } = {}) {
    Object.assign(this, { first, most, random });
  }

  next() {
    const most = Math.min(this.most, this.first * 2 ** this.#attempts);
    this.#attempts += 1;
    return most * (0.5 + this.random() / 2);
  }

  reset() {
    this.#attempts = 0;
  }
}
