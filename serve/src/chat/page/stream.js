// Server-sent events over fetch, which unlike EventSource can carry a token and say what went wrong.

/** Longest silence on a stream; the server sends a comment every 15 seconds. */
const SILENCE = 40_000;

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
    const whole = this.#rest + text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = lines.pop();
    this.#afterCr = whole.endsWith("\r");
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
  try {
    for (;;) {
      timer = setTimeout(abort, silence);
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      for (const { id, data, retry } of parser.push(value)) take(JSON.parse(data), id, retry);
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
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
