// Lines of a growing text, split where they are too long to lay out and parse.

/** Number of characters after which a line is split at the next space, and at the latest after twice as many. */
const LONG = 2_000;

/** First character of a line that continues the one before. `push` removes it from texts. */
const CUT = "\0";

export const isCut = (line) => line[0] === CUT;

/** Normalizes a text piece by piece. The result does not depend on how the text was split. */
export class Lines {
  #column = 0;
  #afterCr = false;

  /** Adds a piece; returns the text it adds to the lines, which are separated by `\n`. */
  push(piece) {
    if (piece === "") return "";
    if (this.#afterCr && piece[0] === "\n") piece = piece.slice(1);
    if (piece !== "") this.#afterCr = piece.endsWith("\r");
    const text = piece.replace(/\r\n?/g, "\n").replaceAll("\t", "    ").replaceAll(CUT, "\ufffd");
    let out = "";
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf("\n", at);
      const stop = end < 0 ? text.length : end;
      out += this.#line(text, at, stop);
      if (end >= 0) {
        out += "\n";
        this.#column = 0;
      }
      at = stop + 1;
    }
    return out;
  }

  /** Returns a part of one line, split before a space if it is too long, so that trimming keeps the space. */
  #line(text, at, stop) {
    let out = "";
    for (;;) {
      const hard = at + Math.max(0, 2 * LONG - this.#column);
      let cut = at + Math.max(0, LONG - this.#column);
      while (cut < stop && cut < hard && text[cut] !== " ") cut += 1;
      if (cut < stop && isLowSurrogate(text, cut)) cut += 1;
      if (cut >= stop) break;
      out += `${text.slice(at, cut)}\n${CUT}`;
      at = cut;
      this.#column = 0;
    }
    this.#column += stop - at;
    return out + text.slice(at, stop);
  }
}

const isLowSurrogate = (text, at) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
