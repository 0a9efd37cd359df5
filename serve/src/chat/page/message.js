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
  #values = []; // a list of `{ name, view, element }`
  #calls = []; // a list of `{ id, view }`
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
    if (message.values !== before?.values) this.#showValues(message.values ?? []);
    if (message.calls !== before?.calls) this.#showCalls(message.calls ?? []);
    const { classList } = this.element;
    const hasParts = message.values?.length > 0 || message.calls?.length > 0;
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

  /** Shows a section for each value. */
  #showValues(values) {
    const document = this.element.ownerDocument;
    while (this.#values.length > values.length) this.#values.pop().element.remove();
    values.forEach(({ name, value }, index) => {
      let known = this.#values[index];
      if (known?.name !== name) {
        const element = document.createElement("section");
        element.className = "typed";
        const heading = element.appendChild(document.createElement("h3"));
        heading.textContent = readable(name);
        const view = new Value(document, readable(name));
        element.append(view.element);
        if (known) known.element.replaceWith(element);
        else this.#body.before(element);
        known = this.#values[index] = { name, view, element };
      }
      known.view.show(value);
    });
  }

  /** Shows calls. A view keeps its call: one that the model writes has no id yet. */
  #showCalls(calls) {
    while (this.#calls.length > calls.length) this.#calls.pop().view.element.remove();
    calls.forEach((call, index) => {
      const known = this.#calls[index];
      const isSame = known && (known.id === undefined || known.id === call.id);
      const view = isSame ? known.view : new Call(this.element.ownerDocument);
      if (!known) this.element.append(view.element);
      else if (!isSame) known.view.element.replaceWith(view.element);
      view.show(call);
      this.#calls[index] = { id: call.id, view };
    });
  }

  /** Sets the direction once the text has a letter. */
  #setDirection() {
    if (this.#searched >= DIRECTION || this.#body.dir) return;
    const text = this.#message.text.slice(0, DIRECTION);
    this.#searched = text.length;
    this.#body.dir = direction(text);
  }

  /** Returns at most `most` characters of the message as it is drawn, and whether that is all of it: `{ text, whole }`. */
  words(most) {
    const values = this.#values.map(({ element }) => element.textContent);
    let text = values.map((value) => `${value} `).join("");
    for (const section of this.#body.childNodes) {
      if (text.length >= most) return { text: text.slice(0, most), whole: false };
      text += section.textContent;
    }
    for (const { view } of this.#calls) text += ` ${view.words}`;
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
