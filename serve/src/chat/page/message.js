// A message on the page: its value, text and calls. The text is drawn incrementally by a `Painter`.

import { Call } from "./call.js";
import { Markdown } from "./render.js";
import { textOf } from "./store.js";
import { Value } from "./value.js";
import { direction, DIRECTION, readable } from "./words.js";

/** Maximum number of characters per part of a prompt. */
const PART = 8_000;

export class Message {
  #message = null;
  #body;
  #dropped;
  #value = null; // `{ name, view, element }`
  #calls = [];
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
    if (message.value !== before?.value) this.#showValue(message.value);
    if (message.calls !== before?.calls) this.#showCalls(message.calls ?? []);
    const { classList } = this.element;
    const hasParts = Boolean(message.value) || message.calls?.length > 0;
    classList.toggle("live", message.live && !hasParts);
    classList.toggle("waiting", message.live && !hasParts && lengthOf(message) === 0);
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

  #showValue(value) {
    const document = this.element.ownerDocument;
    if (this.#value && this.#value.name !== value?.name) {
      this.#value.element.remove();
      this.#value = null;
    }
    if (!value) return;
    if (!this.#value) {
      const element = document.createElement("section");
      element.className = "typed";
      const heading = element.appendChild(document.createElement("h3"));
      heading.textContent = readable(value.name);
      const view = new Value(document);
      element.append(view.element);
      this.#body.before(element);
      this.#value = { name: value.name, view, element };
    }
    this.#value.view.show(value.value);
  }

  #showCalls(calls) {
    while (this.#calls.length > calls.length) this.#calls.pop().element.remove();
    calls.forEach((call, index) => {
      const known = this.#calls[index];
      const view = known ?? (this.#calls[index] = new Call(this.element.ownerDocument));
      if (!known) this.element.append(view.element);
      view.show(call);
    });
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
