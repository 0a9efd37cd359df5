// A growing text as lines that are not too long to be laid out and parsed.

/** Characters after which a line is cut at the next space, and in any case at twice as many. */
const LONG = 2_000;

/** The first character of a line that was cut off the one before it. No text has it: see `push`. */
const CUT = "\0";

export const isCut = (line) => line[0] === CUT;

/** Normalises a text piece by piece: the same comes out wherever it was cut into pieces. */
export class Lines {
  #column = 0;
  #afterCr = false;

  /** Takes a piece; returns what it adds to the lines, which `\n` separates. */
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

  /** A part of one line, cut where it is long: before a space, so that what is trimmed loses none. */
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
