// A JSON value as a table of its fields, updated in place while the value grows.

import { direction, readable } from "./words.js";

/** Maximum number of elements of a list that are shown. */
const ELEMENTS = 200;

export class Value {
  #document;
  #value = undefined;
  #part = null;

  constructor(document) {
    this.#document = document;
    this.element = document.createElement("div");
    this.element.className = "value";
  }

  /** Shows a value. Parts that are the same objects as before are not drawn again. */
  show(value) {
    if (this.#part && value === this.#value) return;
    this.#value = value;
    this.#part = this.#patch(this.#part, value);
    if (this.element.firstChild !== this.#part.element) this.element.replaceChildren(this.#part.element);
  }

  /** Returns a part for a value: the known one if it can show the value. */
  #patch(part, value) {
    if (part && part.value === value) return part;
    const kind = kindOf(value);
    const next = part?.kind === kind ? part : this.#create(kind);
    next.value = value;
    if (kind === "text") fill(next.element, textOf(value));
    else this.#patchEntries(next, kind === "list" ? value.slice(0, ELEMENTS).entries() : Object.entries(value));
    if (kind === "list") this.#showRest(next, value.length - ELEMENTS);
    return next;
  }

  #create(kind) {
    const name = { text: "span", list: "ul", fields: "dl" }[kind];
    return { kind, element: this.#document.createElement(name), entries: new Map() };
  }

  #patchEntries({ kind, element, entries }, values) {
    const unseen = new Set(entries.keys());
    for (const [key, value] of values) {
      unseen.delete(key);
      let entry = entries.get(key);
      if (!entry) {
        entry = this.#entry(kind, key);
        entries.set(key, entry);
        element.append(entry.around);
      }
      const part = this.#patch(entry.part, value);
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
    name.textContent = readable(key);
    around.append(name, holder);
    return { around, holder, part: null };
  }

  #showRest(part, count) {
    part.rest?.remove();
    part.rest = null;
    if (count <= 0) return;
    part.rest = this.#document.createElement("li");
    part.rest.className = "faint";
    part.rest.textContent = `and ${count} more`;
    part.element.append(part.rest);
  }
}

function kindOf(value) {
  if (Array.isArray(value)) return "list";
  return typeof value === "object" && value !== null ? "fields" : "text";
}

function textOf(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

function fill(element, text) {
  if (element.textContent === text) return;
  element.textContent = text;
  if (!element.dir) element.dir = direction(text);
}
