// A call of a tool on the page: a line with its status, which opens to its arguments, progress and result.

import { isPending } from "./parts.js";
import { line, Value } from "./value.js";
import { direction, readable } from "./words.js";

/** Maximum number of characters in the line of a call. */
const BRIEF = 160;

/** The deepest nesting of a result that is parsed. */
const NESTING = 100;

/** Marks and labels of each status. */
const STATUSES = {
  writing: ["●", "being written"],
  called: ["○", "waiting"],
  running: ["●", "running"],
  succeeded: ["✓", "done"],
  failed: ["✕", "failed"],
  interrupted: ["–", "no result"],
};

export class Call {
  #document;
  #call = null;
  #progress = [];
  #mark;
  #name;
  #brief;
  #status;
  #inside;
  #sections = new Map();
  #parsed = { text: null, value: null };

  constructor(document) {
    this.#document = document;
    const create = (name, className) => {
      const element = document.createElement(name);
      element.className = className;
      return element;
    };
    this.element = create("details", "call");
    const summary = create("summary", "");
    this.#mark = create("span", "mark");
    this.#mark.setAttribute("aria-hidden", "true");
    this.#name = create("span", "name");
    this.#brief = create("span", "brief");
    this.#status = create("span", "visually-hidden");
    summary.append(this.#mark, this.#name, this.#brief, this.#status);
    this.#inside = create("div", "inside");
    this.element.append(summary, this.#inside);
    this.element.addEventListener("toggle", () => this.#draw());
  }

  show(call) {
    if (call === this.#call) return;
    this.#call = call;
    // the history, which replaces the events at the end of a run, has no progress
    if (call.progress.length > 0 || isPending(call)) this.#progress = call.progress;
    const [mark, label] = STATUSES[call.status] ?? ["", call.status];
    this.element.className = `call ${call.status}`;
    set(this.#mark, mark);
    set(this.#name, readable(call.name));
    set(this.#brief, brief(call));
    set(this.#status, `, ${label}`);
    for (const element of [this.#name, this.#brief]) element.dir = direction(element.textContent);
    this.#draw();
  }

  /** Returns the call in words. */
  get words() {
    const { name, status } = this.#call;
    return `${readable(name)}, ${STATUSES[status]?.[1] ?? status}.`;
  }

  /** Draws the sections, if they are open. */
  #draw() {
    if (!this.element.open || !this.#call) return;
    const { arguments: input, text, result } = this.#call;
    const progress = this.#progress;
    this.#section("Arguments", input ?? text);
    this.#section("Progress", progress.length > 0 ? progress : undefined);
    this.#section("Result", result === undefined ? undefined : this.#parse(result));
  }

  /** Shows a section, or removes it if it has no value. */
  #section(name, value) {
    let section = this.#sections.get(name);
    if (value === undefined) {
      section?.element.remove();
      this.#sections.delete(name);
      return;
    }
    if (!section) {
      const element = this.#document.createElement("section");
      const heading = element.appendChild(this.#document.createElement("h3"));
      heading.textContent = name;
      section = { element, view: new Value(this.#document, `${name} of ${readable(this.#call.name)}`) };
      element.append(section.view.element);
      this.#inside.append(element);
      this.#sections.set(name, section);
    }
    section.view.show(value);
  }

  #parse(text) {
    if (this.#parsed.text !== text) this.#parsed = { text, value: parsed(text) };
    return this.#parsed.value;
  }
}

/** Returns one line about a call: its last progress while it runs, else its arguments. */
function brief({ arguments: input, text = "", progress, status }) {
  if (isPending({ status }) && progress.length > 0) return line(progress.at(-1), BRIEF);
  return input === undefined ? text.slice(0, BRIEF) : line(input, BRIEF);
}

/** Returns a result that is a JSON list or object as a value, unless it has a number that JavaScript would round. */
function parsed(text) {
  if (!/^\s{0,9}[[{]/.test(text) || /\d{16}/.test(text) || nesting(text) > NESTING) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns a bound of the nesting of a JSON text. */
function nesting(text) {
  let [depth, most] = [0, 0];
  for (const sign of text) {
    if (sign === "[" || sign === "{") most = Math.max(most, (depth += 1));
    else if (sign === "]" || sign === "}") depth -= 1;
  }
  return most;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
