// Server-sent events over fetch, which unlike EventSource can carry a token and say what went wrong.

/** Longest silence on a stream; the server sends a comment every 15 seconds. */
const SILENCE = 40_000;

/** Longest time in which events are taken before the page may draw, in milliseconds. */
const BUSY = 8;

/** Turns the text of a stream into blocks, however it was cut on the way. */
export class Parser {
  #rest = "";
  #data = [];
  #id = undefined;
  #retry = undefined;
  #afterCr = false;

  /** Takes a piece of text; returns the blocks `{ id, data, retry }` that it completes. */
  push(text) {
    // the second half of a CR LF that was cut in two ends no line of its own
    if (this.#afterCr && text !== "") {
      if (text[0] === "\n") text = text.slice(1);
      this.#afterCr = false;
    }
    // only what is new is searched: the rest has no end of a line
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

/** Gives `take` each event of a response as `(event, id, retry)`, until the stream ends. */
export async function read(response, take, { silence = SILENCE, abort = () => {} } = {}) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new Parser();
  let timer;
  let since = performance.now();
  try {
    for (;;) {
      timer = setTimeout(abort, silence);
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      for (const { id, data, retry } of parser.push(value)) {
        take(JSON.parse(data), id, retry);
        if (performance.now() - since < BUSY) continue;
        await breathe();
        since = performance.now();
      }
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}

/** Lets the page draw; a timer would wait for a second where the page is not seen. */
function breathe() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((go) => {
    port1.onmessage = () => {
      port1.close();
      go();
    };
    port2.postMessage(null);
  });
}

/** How long to wait before the next attempt: longer each time, and never the same for all tabs. */
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
