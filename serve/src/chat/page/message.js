// A message on the page. Its text is drawn incrementally by a `Painter`.

import { Markdown } from "./render.js";
import { textOf } from "./store.js";

/** Number of characters searched for the direction of a text. */
const DIRECTION = 1_000;

/** Maximum number of characters per part of a prompt. */
const PART = 8_000;

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Returns the direction of the first letter of a text. With `dir="auto"`, the browser would scan the whole text after each change. */
export function direction(text) {
  const letter = LETTER.exec(text.slice(0, DIRECTION))?.[0];
  if (letter === undefined) return "";
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}

export class Message {
  #message = null;
  #body;
  #dropped;
  #searched = 0;

  constructor(document, role) {
    const create = (name, className, text = "") => {
      const element = document.createElement(name);
      element.className = className;
      element.textContent = text;
      return element;
    };
    this.role = role;
    this.element = create("article", `message ${role}`);
    this.#dropped = create("div", "dropped");
    this.#body = create("div", "body");
    this.element.append(create("h2", "visually-hidden", role === "user" ? "You" : "Answer"), this.#dropped, this.#body);
  }

  /** Shows a message; `painter` draws its text. */
  show(message, painter) {
    const before = this.#message;
    if (message === before) return;
    this.#message = message;
    if (this.role === "user") {
      if (message.text !== before?.text) split(this.#body, message.text);
    } else this.#answer(message, before, painter);
    if (message.dropped !== (before?.dropped ?? "")) {
      const dropped = Markdown.of(this.#dropped);
      dropped.set(message.dropped, false);
      painter.add(dropped);
    }
    this.#dropped.hidden = message.dropped === "";
    const { classList } = this.element;
    classList.toggle("live", message.live);
    classList.toggle("waiting", message.live && lengthOf(message) === 0);
    this.element.setAttribute("aria-busy", String(message.live));
    this.#setDirection();
  }

  #answer(message, before, painter) {
    const markdown = Markdown.of(this.#body);
    const { pieces, live } = message;
    if (pieces && before?.pieces && follows(pieces, before.pieces)) markdown.append(textOf(pieces, before.pieces), live);
    else markdown.set(message.text, live);
    painter.add(markdown);
  }

  /** Sets the direction once the text has a letter. */
  #setDirection() {
    if (this.#searched >= DIRECTION || this.#body.dir) return;
    const text = this.#message.text.slice(0, DIRECTION);
    this.#searched = text.length;
    this.#body.dir = direction(text);
  }

  /** Returns at most `most` characters of the drawn text, and whether that is all of it: `{ text, whole }`. */
  words(most) {
    let text = "";
    for (const section of this.#body.childNodes) {
      if (text.length >= most) return { text: text.slice(0, most), whole: false };
      text += section.textContent;
    }
    return { text: text.slice(0, most), whole: text.length <= most };
  }
}

const lengthOf = ({ pieces, text }) => pieces?.length ?? text.length;

/** Returns whether pieces continue others. */
function follows(pieces, others) {
  let piece = pieces;
  while (piece && piece.length > others.length) piece = piece.before;
  while (piece && piece !== others && piece.length === others.length) piece = piece.before;
  return piece === others;
}

/** Shows a plain text, split into parts if it is long. */
function split(body, text) {
  if (text.length <= PART) return body.replaceChildren(text);
  body.replaceChildren();
  for (let at = 0; at < text.length; ) {
    const end = partEnd(text, at);
    const part = body.ownerDocument.createElement("div");
    part.className = "section";
    part.textContent = text.slice(at, end);
    body.append(part);
    at = end;
  }
}

/** Returns the end of a part: after the last line that fits, else after the last word, else after a character. */
function partEnd(text, at) {
  if (text.length - at <= PART) return text.length;
  const least = at + PART / 2;
  for (const mark of ["\n", " "]) {
    const end = text.lastIndexOf(mark, at + PART - 1) + 1;
    if (end > least) return end;
  }
  const isLow = (text.charCodeAt(at + PART) & 0xfc00) === 0xdc00;
  return at + PART + (isLow ? 1 : 0);
}
