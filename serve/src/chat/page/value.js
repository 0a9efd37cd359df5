// A JSON value as a table of its fields, updated in place while the value grows. A value of any size and depth takes a
// bounded time: the rest is shown on request.

import { scrollable } from "./focus.js";
import { direction, readable } from "./words.js";

/** Number of elements and fields that are shown first, and the factor by which a request for more raises it. */
const PARTS = 300;
const MORE = 4;

/** Number of characters of a text that are shown first. */
const TEXT = 4_000;

/** Depth from which a value is shown as one line of JSON. */
const DEPTH = 8;

export class Value {
  #document;
  #body;
  #more;
  #value = undefined;
  #part = null;
  #limit = 1;
  #left = 0;
  #isCut = false;

  /** `label` is the name of the value for screen readers. */
  constructor(document, label) {
    this.#document = document;
    this.element = document.createElement("div");
    this.element.className = "value";
    this.element.role = "group";
    this.element.ariaLabel = label;
    this.#body = this.element.appendChild(document.createElement("div"));
    this.#more = this.element.appendChild(document.createElement("button"));
    this.#more.type = "button";
    this.#more.className = "more";
    this.#more.textContent = "Show more";
    this.#more.hidden = true;
    this.#more.addEventListener("click", () => {
      this.#limit *= MORE;
      this.#draw();
    });
    scrollable(this.element, this.#body);
  }

  /** Shows a value. Parts that are the same objects as before are not drawn again. */
  show(value) {
    if (this.#part && value === this.#value) return;
    this.#value = value;
    this.#draw();
  }

  #draw() {
    this.#left = PARTS * this.#limit;
    this.#isCut = false;
    this.#part = this.#patch(this.#part, this.#value, 0);
    if (this.#body.firstChild !== this.#part.element) this.#body.replaceChildren(this.#part.element);
    this.#more.hidden = !this.#isCut;
  }

  /** Returns a part for a value: the known one if it can show the value. */
  #patch(part, value, depth) {
    const before = (this.#left -= 1);
    if (part && part.value === value && !part.isCut && part.count <= before) {
      this.#left -= part.count;
      return part;
    }
    const kind = depth > DEPTH ? "text" : kindOf(value);
    const next = part?.kind === kind ? part : this.#create(kind);
    const wasCut = this.#isCut;
    this.#isCut = false;
    if (kind === "text") this.#fill(next.element, value);
    else this.#patchEntries(next, kind === "list" ? value.keys() : Object.keys(value), value, depth);
    next.value = value;
    next.isCut = this.#isCut;
    next.count = before - this.#left;
    this.#isCut ||= wasCut;
    return next;
  }

  #create(kind) {
    const element = this.#document.createElement({ text: "span", list: "ul", fields: "dl" }[kind]);
    // Safari takes a list without marks for no list
    if (kind === "list") element.role = "list";
    return { kind, element, entries: new Map() };
  }

  #patchEntries({ kind, element, entries }, keys, values, depth) {
    const unseen = new Set(entries.keys());
    for (const key of keys) {
      if (this.#left <= 0) {
        this.#isCut = true;
        break;
      }
      unseen.delete(key);
      let entry = entries.get(key);
      if (!entry) {
        entry = this.#entry(kind, key);
        entries.set(key, entry);
        element.append(entry.around);
      }
      const part = this.#patch(entry.part, values[key], depth + 1);
      if (part !== entry.part) entry.holder.replaceChildren(part.element);
      entry.part = part;
    }
    for (const key of unseen) {
      entries.get(key).around.remove();
      entries.delete(key);
    }
  }

  /** Creates the elements for an element of a list, or for a field with its name. */
  #entry(kind, key) {
    const create = (name) => this.#document.createElement(name);
    if (kind === "list") {
      const item = create("li");
      return { around: item, holder: item, part: null };
    }
    const [around, name, holder] = [create("div"), create("dt"), create("dd")];
    this.#fill(name, readable(key));
    around.append(name, holder);
    return { around, holder, part: null };
  }

  #fill(element, value) {
    const most = TEXT * this.#limit;
    const whole = typeof value === "string" ? value : textOf(value, most);
    const text = whole.length > most ? `${whole.slice(0, most)} …` : whole;
    if (text !== whole) this.#isCut = true;
    const before = element.textContent;
    if (before === text) return;
    if (before && text.startsWith(before)) element.append(text.slice(before.length));
    else element.textContent = text;
    if (!element.dir) element.dir = direction(text);
  }
}

function kindOf(value) {
  if (Array.isArray(value)) return "list";
  return typeof value === "object" && value !== null ? "fields" : "text";
}

function textOf(value, most) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? line(value, most) : String(value);
}

/** Returns a value in one line, of about `most` characters at most: fields with their names, lists in brackets. */
export function line(value, most, depth = 0) {
  if (typeof value === "string") return value.slice(0, most);
  if (typeof value !== "object" || value === null) return textOf(value, most);
  const isList = Array.isArray(value);
  if (depth > DEPTH) return "…";
  let text = "";
  for (const key of isList ? value.keys() : Object.keys(value)) {
    if (text.length >= most) break;
    const part = line(value[key], most - text.length, depth + 1);
    text += `${text && ", "}${isList ? "" : `${readable(key)}: `}${part}`;
  }
  if (text.length > most) text = `${text.slice(0, most)} …`;
  return isList || depth > 0 ? `${isList ? "[" : "{"}${text}${isList ? "]" : "}"}` : text;
}
