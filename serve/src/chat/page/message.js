// One message on the page. Its text is drawn in steps, by a `Painter`.

import { Markdown } from "./render.js";
import { textOf } from "./store.js";

/** Number of characters that determine the direction of a text. */
const DIRECTION = 1_000;

/** Largest part of a prompt, in characters. */
const PART = 8_000;

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The direction of the first letter of a text. With `dir="auto"` the browser scans the whole text after each change. */
export function direction(text) {
  const letter = LETTER.exec(text.slice(0, DIRECTION))?.[0];
  if (letter === undefined) return "";
  return RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr";
}

export class Message {
  #message = null;
  #body;
  #dropped;
  #looked = 0;

  constructor(document, role) {
    const element = (name, className, text = "") => {
      const made = document.createElement(name);
      made.className = className;
      made.textContent = text;
      return made;
    };
    this.role = role;
    this.element = element("article", `message ${role}`);
    this.#dropped = element("div", "dropped");
    this.#body = element("div", "body");
    this.element.append(element("h2", "unseen", role === "user" ? "You" : "Answer"), this.#dropped, this.#body);
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
    this.#turn();
  }

  #answer(message, before, painter) {
    const markdown = Markdown.of(this.#body);
    const { pieces, live } = message;
    if (pieces && before?.pieces && follows(pieces, before.pieces)) markdown.append(textOf(pieces, before.pieces), live);
    else markdown.set(message.text, live);
    painter.add(markdown);
  }

  /** Sets the direction as soon as the text has a letter. */
  #turn() {
    if (this.#looked >= DIRECTION || this.#body.dir) return;
    const text = this.#message.text.slice(0, DIRECTION);
    this.#looked = text.length;
    this.#body.dir = direction(text);
  }

  /** The drawn text, at most `most` characters of it: `{ text, whole }`. */
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

/** Whether pieces continue others. */
function follows(pieces, others) {
  let one = pieces;
  while (one && one.length > others.length) one = one.before;
  while (one && one !== others && one.length === others.length) one = one.before;
  return one === others;
}

/** Shows a plain text; a long one is split into parts. */
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

/** The end of a part: after the last line that fits, or the last word, or a character. */
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
