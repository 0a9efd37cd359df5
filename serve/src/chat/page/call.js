// A call of a tool on the page: a line with its status, which opens to its arguments, progress and result.

import { isPending } from "./parts.js";
import { Value } from "./value.js";
import { readable } from "./words.js";

/** Maximum number of characters in the line of a call. */
const BRIEF = 160;

/** Labels of the status of a call for screen readers, in place of the mark. */
const STATUS_LABELS = {
  writing: "being written",
  called: "waiting",
  running: "running",
  succeeded: "done",
  failed: "failed",
  interrupted: "no result",
};

export class Call {
  #document;
  #call = null;
  #name;
  #brief;
  #status;
  #inside;
  #sections = new Map();

  constructor(document) {
    this.#document = document;
    const create = (name, className) => {
      const element = document.createElement(name);
      element.className = className;
      return element;
    };
    this.element = create("details", "call");
    const summary = create("summary", "");
    const mark = create("span", "mark");
    mark.setAttribute("aria-hidden", "true");
    this.#name = create("span", "name");
    this.#brief = create("span", "brief");
    this.#status = create("span", "visually-hidden");
    summary.append(mark, this.#name, this.#brief, this.#status);
    this.#inside = create("div", "inside");
    this.element.append(summary, this.#inside);
    this.element.addEventListener("toggle", () => this.#draw());
  }

  show(call) {
    if (call === this.#call) return;
    this.#call = call;
    this.element.className = `call ${call.status}`;
    set(this.#name, readable(call.name));
    set(this.#brief, brief(call));
    set(this.#status, `, ${STATUS_LABELS[call.status] ?? call.status}`);
    this.#draw();
  }

  /** Draws what is inside, if it is open. */
  #draw() {
    if (!this.element.open || !this.#call) return;
    const { arguments: input, text, progress, result } = this.#call;
    if (input !== undefined || text) this.#section("Arguments", input ?? text);
    if (progress.length > 0) this.#section("Progress", progress);
    if (result !== undefined) this.#section("Result", parsed(result));
  }

  #section(name, value) {
    let section = this.#sections.get(name);
    if (!section) {
      section = new Value(this.#document);
      const heading = this.#document.createElement("h3");
      heading.textContent = name;
      this.#inside.append(heading, section.element);
      this.#sections.set(name, section);
    }
    section.show(value);
  }
}

/** Returns one line about a call: its last progress while it runs, else its arguments. */
function brief(call) {
  const { arguments: input, text = "", progress } = call;
  if (isPending(call) && progress.length > 0) return line(progress.at(-1));
  return input === undefined ? text.slice(0, BRIEF) : line(input);
}

function line(value) {
  if (typeof value === "string") return value.slice(0, BRIEF);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return JSON.stringify(value).slice(0, BRIEF);
  const fields = Object.entries(value).map(([key, part]) => {
    return `${readable(key)}: ${typeof part === "string" ? part.slice(0, BRIEF) : JSON.stringify(part)}`;
  });
  return fields.join(", ").slice(0, BRIEF);
}

/** Returns a result that is a JSON list or object as a value, unless it has a number that JavaScript would round. */
function parsed(text) {
  if (!/^\s*[[{]/.test(text) || /\d{16}/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
