// Markdown as DOM nodes. Elements are made by name from the lists below and text goes into text
// nodes, so whatever the text says, no other element and no attribute can come of it.
//
// A text is drawn in steps, each of which is short. Its blocks stand in parts of a bounded size, and the
// parts in sections, so that the browser need not lay out what is not seen nor look at each part
// (`content-visibility` in style.css).

import { inline } from "./inline.js";
import { BlockParser } from "./markdown.js";

const INLINE = { code: "code", strong: "strong", emphasis: "em", struck: "s", link: "a" };

/** Largest part of a text: about this many characters of blocks, and this many blocks. */
const PART = { size: 4_000, blocks: 32 };

/** Parts of a section. */
const SECTION = 24;

/** The texts that elements show. */
const SHOWN = new WeakMap();

/** Makes `into` show `text`, at once. Blocks that did not change stay the same nodes. */
export function show(into, text, { grows = false } = {}) {
  const markdown = Markdown.of(into);
  markdown.set(text, grows);
  while (markdown.step());
  markdown.attach();
}

/** A text that an element shows. */
export class Markdown {
  #into;
  #draw;
  #parser;
  #text;
  #grows;
  #dirty;
  #open; // the drawn blocks that are not final: `{ key, block, node, part }`
  #first; // the index of the first of them
  #queue; // blocks that were parsed and are not drawn yet
  #part;
  #section;
  #detached; // parts and sections that are drawn and not in the document yet: `[where, what]`

  constructor(into) {
    this.#into = into;
    this.#draw = new Draw(into.ownerDocument);
    this.#reset();
  }

  static of(into) {
    if (!SHOWN.has(into)) SHOWN.set(into, new Markdown(into));
    return SHOWN.get(into);
  }

  #reset() {
    truncate(this.#into, 0);
    this.#parser = new BlockParser();
    this.#text = "";
    this.#grows = false;
    this.#dirty = false;
    this.#open = [];
    this.#first = 0;
    this.#queue = [];
    this.#part = null;
    this.#section = null;
    this.#detached = [];
  }

  /** What it shows once no step is left. */
  get text() {
    return this.#text;
  }

  /** Shows a text; one that continues what it shows is added to it. `step` draws it. */
  set(text, grows) {
    if (text.length < this.#text.length || !text.startsWith(this.#text)) this.#reset();
    this.append(text.slice(this.#text.length), grows);
  }

  append(text, grows) {
    this.#dirty ||= text !== "" || grows !== this.#grows;
    this.#grows = grows;
    this.#text += text;
    this.#parser.push(text);
  }

  /** Puts what was drawn into the document. The browser lays it out then: once for many steps. */
  attach() {
    for (const [where, what] of this.#detached.splice(0)) where.append(what);
  }

  /** Draws a little; returns whether more is left. */
  step() {
    if (this.#queue.length > 0) this.#add(this.#queue.shift());
    else if (this.#dirty) this.#parse();
    return this.#dirty || this.#queue.length > 0;
  }

  #parse() {
    const { first, blocks, more } = this.#parser.step();
    this.#dirty = more;
    this.#open.splice(0, first - this.#first);
    this.#first = first;
    const entries = blocks.map((block, index) => {
      const grows = this.#grows && !more && index === blocks.length - 1;
      return { block, grows, key: `${grows} ${JSON.stringify(block)}` };
    });
    let same = 0;
    while (same < entries.length && entries[same].key === this.#open[same]?.key) same += 1;
    const [old, next] = [this.#open[same], entries[same]];
    if (old && next && this.#draw.patch(old.node, old.block, next.block, next.grows)) {
      Object.assign(old, next);
      same += 1;
    }
    while (this.#open.length > same) this.#remove(this.#open.pop());
    this.#queue = entries.slice(same);
  }

  #remove({ node, part, key }) {
    node.remove();
    part.size -= key.length;
    part.blocks -= 1;
  }

  #add(entry) {
    const node = this.#draw.block(entry.block, entry.grows);
    if (!this.#part || this.#part.size >= PART.size || this.#part.blocks >= PART.blocks) this.#next();
    const part = this.#part;
    part.element.append(node);
    part.size += entry.key.length;
    part.blocks += 1;
    this.#open.push({ ...entry, node, part });
  }

  /** Begins a part. */
  #next() {
    if (!this.#section || this.#section.parts === SECTION) {
      this.#section = { element: this.#draw.element("div", [], "section"), parts: 0 };
      this.#detached.push([this.#into, this.#section.element]);
    }
    this.#part = { element: this.#draw.element("div", [], "part"), size: 0, blocks: 0 };
    this.#detached.push([this.#section.element, this.#part.element]);
    this.#section.parts += 1;
  }
}

/** Removes what stands behind the first children. */
function truncate(node, length) {
  while (node.childNodes.length > length) node.lastChild.remove();
}

class Draw {
  constructor(document) {
    this.document = document;
  }

  element(name, children = [], className = "") {
    const element = this.document.createElement(name);
    if (className) element.className = className;
    for (const child of children) element.append(child);
    return element;
  }

  text(text, grows) {
    return inline(text, { grows }).map((node) => this.inline(node));
  }

  blocks(blocks, grows) {
    return blocks.map((block, index) => this.block(block, grows && index === blocks.length - 1));
  }

  block(block, grows) {
    const more = block.continued ? "continued" : "";
    switch (block.type) {
      case "heading":
        return this.element(levelOf(block), this.text(block.text, grows));
      case "code":
        return this.code(block);
      case "list":
        return this.list(block, grows);
      case "quote":
        return this.element("blockquote", this.blocks(block.blocks, grows), more);
      case "table":
        return this.table(block);
      case "rule":
        return this.element("hr");
      default:
        return this.element("p", this.text(block.text, grows), more);
    }
  }

  code({ lang, text, continued }) {
    const pre = this.element("pre", [this.element("code", [text])]);
    pre.tabIndex = 0; // so that the keyboard can scroll it
    if (continued) return this.element("div", [pre], "code continued");
    const button = this.element("button", ["Copy"], "copy");
    button.type = "button";
    const name = this.element("span", [lang || "text"], "lang");
    return this.element("div", [this.element("div", [name, button], "bar"), pre], "code");
  }

  list({ ordered, start, loose, items, continued }, grows) {
    const name = [loose && "loose", continued && "continued"].filter(Boolean).join(" ");
    const list = this.element(ordered ? "ol" : "ul", [], name);
    if (ordered && start !== 1) list.start = start;
    items.forEach((blocks, index) => {
      list.append(this.element("li", this.item(blocks, loose, grows && index === items.length - 1)));
    });
    return list;
  }

  item(blocks, loose, grows) {
    if (!isTight(blocks, loose)) return this.blocks(blocks, grows);
    return [...this.text(blocks[0].text, grows && blocks.length === 1), ...this.blocks(blocks.slice(1), grows)];
  }

  table({ align, head, rows, continued }) {
    const body = this.element("tbody", rows.map((cells) => this.row(cells, "td", align)));
    const parts = head ? [this.element("thead", [this.row(head, "th", align)]), body] : [body];
    const around = this.element("div", [this.element("table", parts)], continued ? "table continued" : "table");
    around.tabIndex = 0;
    return around;
  }

  row(cells, name, align) {
    return this.element("tr", cells.map((cell, index) => this.element(name, this.text(cell), align[index])));
  }

  inline(node) {
    if (node.type === "text") return this.document.createTextNode(node.text);
    if (node.type === "break") return this.element("br");
    if (node.type === "code") return this.element("code", [node.text]);
    const children = node.children.map((child) => this.inline(child));
    const element = this.element(INLINE[node.type], children);
    if (node.type === "link") {
      element.href = node.href;
      element.rel = "noopener noreferrer nofollow";
      element.target = "_blank";
    }
    return element;
  }

  /** Makes the node of one block show another one that has grown out of it; returns whether it could. */
  patch(node, old, next, grows) {
    if (old.type !== next.type || old.continued !== next.continued) return false;
    switch (next.type) {
      case "paragraph":
        this.fill(node, this.text(next.text, grows));
        return true;
      case "code":
        return old.lang === next.lang && this.patchCode(node, old.text, next.text);
      case "quote":
        this.patchBlocks(node, old.blocks, next.blocks, grows);
        return true;
      case "list":
        if (old.ordered !== next.ordered || old.start !== next.start || old.loose !== next.loose) return false;
        this.patchItems(node, old.items, next, grows);
        return true;
      case "table":
        return same([old.align, old.head], [next.align, next.head]) && this.patchRows(node, old, next);
      default:
        return false;
    }
  }

  fill(node, children) {
    truncate(node, 0);
    for (const child of children) node.append(child);
  }

  patchCode(node, old, next) {
    if (!next.startsWith(old)) return false;
    const code = node.lastChild.firstChild;
    if (code.lastChild) code.lastChild.appendData(next.slice(old.length));
    else code.append(next);
    return true;
  }

  /** The blocks in a quote or in an item, which stand behind the other children of `node`. */
  patchBlocks(node, old, next, grows) {
    const offset = node.childNodes.length - old.length;
    let kept = 0;
    // the last one before may have had a part that was taken to be closed
    while (kept < old.length - 1 && kept < next.length && same(old[kept], next[kept])) kept += 1;
    const last = grows && kept === next.length - 1;
    const child = node.childNodes[offset + kept];
    if (kept < old.length && kept < next.length && this.patch(child, old[kept], next[kept], last)) kept += 1;
    truncate(node, offset + kept);
    for (const block of this.blocks(next.slice(kept), grows)) node.append(block);
  }

  patchItems(node, old, { items, loose }, grows) {
    let kept = 0;
    while (kept < old.length - 1 && kept < items.length && same(old[kept], items[kept])) kept += 1;
    if (kept < old.length && kept < items.length) {
      this.patchItem(node.childNodes[kept], old[kept], items[kept], loose, grows && kept === items.length - 1);
      kept += 1;
    }
    truncate(node, kept);
    for (const blocks of items.slice(kept)) {
      node.append(this.element("li", this.item(blocks, loose, grows && node.childNodes.length === items.length - 1)));
    }
  }

  patchItem(node, old, next, loose, grows) {
    if (!isTight(old, loose) && !isTight(next, loose)) return this.patchBlocks(node, old, next, grows);
    // text that stays, and blocks behind it
    if (old.length > 1 && next.length > 1 && same(old[0], next[0])) {
      return this.patchBlocks(node, old.slice(1), next.slice(1), grows);
    }
    return this.fill(node, this.item(next, loose, grows));
  }

  patchRows(node, old, { rows, align }) {
    const body = node.firstChild.lastChild;
    let kept = 0;
    while (kept < old.rows.length && kept < rows.length && same(old.rows[kept], rows[kept])) kept += 1;
    truncate(body, kept);
    for (const cells of rows.slice(kept)) body.append(this.row(cells, "td", align));
    return true;
  }
}

/** The page has the first two levels. */
const levelOf = ({ level }) => `h${Math.min(6, level + 2)}`;

/** Whether an item begins with text of its own instead of a paragraph. */
const isTight = (blocks, loose) => !loose && blocks[0]?.type === "paragraph";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
