// Rendering of Markdown to DOM nodes. Elements are created by name from fixed lists and text goes into text
// nodes, so that no text can create any other element or attribute.
//
// A text is drawn in short steps. Its blocks are grouped in parts of a bounded size, and the parts in
// sections, so that the browser can skip the layout of content out of view without checking each part
// (`content-visibility` in style.css).

import { inline } from "./inline.js";
import { BlockParser } from "./markdown.js";

const INLINE = { code: "code", strong: "strong", emphasis: "em", struck: "s", link: "a" };

/** Limits of a part: an approximate number of characters, and a number of blocks. */
const PART = { size: 4_000, blocks: 32 };

/** Number of parts per section. */
const SECTION = 24;

/** The `Markdown` of each element. */
const BY_ELEMENT = new WeakMap();

/** Shows `text` in `into` synchronously. Blocks that did not change keep their nodes. */
export function show(into, text, { grows = false } = {}) {
  const markdown = Markdown.of(into);
  markdown.set(text, grows);
  while (markdown.step());
  markdown.attach();
}

/** A Markdown text shown in an element. */
export class Markdown {
  #into;
  #draw;
  #parser;
  #text;
  #grows;
  #dirty;
  #open; // drawn blocks that are not final: `{ key, block, node, part }`
  #first; // index of the first block in `#open`
  #queue; // blocks parsed but not drawn
  #part;
  #section;
  #detached; // parts and sections drawn but not in the document: `[parent, child]`

  constructor(into) {
    this.#into = into;
    this.#draw = new Draw(into.ownerDocument);
    this.#reset();
  }

  static of(into) {
    if (!BY_ELEMENT.has(into)) BY_ELEMENT.set(into, new Markdown(into));
    return BY_ELEMENT.get(into);
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

  /** The text shown once no step is left. */
  get text() {
    return this.#text;
  }

  /** Sets the text; one that continues the current text is appended to it. `step` draws it. */
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

  /** Attaches drawn nodes to the document, which causes one layout for many steps. */
  attach() {
    for (const [parent, child] of this.#detached.splice(0)) parent.append(child);
  }

  /** Performs one step; returns whether more are left. */
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
    if (!this.#part || this.#part.size >= PART.size || this.#part.blocks >= PART.blocks) this.#startPart();
    const part = this.#part;
    part.element.append(node);
    part.size += entry.key.length;
    part.blocks += 1;
    this.#open.push({ ...entry, node, part });
  }

  /** Starts a new part. */
  #startPart() {
    if (!this.#section || this.#section.parts === SECTION) {
      this.#section = { element: this.#draw.element("div", [], "section"), parts: 0 };
      this.#detached.push([this.#into, this.#section.element]);
    }
    this.#part = { element: this.#draw.element("div", [], "part"), size: 0, blocks: 0 };
    this.#detached.push([this.#section.element, this.#part.element]);
    this.#section.parts += 1;
  }
}

/** Removes all but the first `length` children. */
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
    pre.tabIndex = 0; // scrollable by keyboard
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

  /** Updates the node of a block to a block that has grown from it; returns false if that is not possible. */
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

  /** Patches the blocks in a quote or an item, which are the last children of `node`. */
  patchBlocks(node, old, next, grows) {
    const offset = node.childNodes.length - old.length;
    let kept = 0;
    // the last old block may contain emphasis that was closed tentatively
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
    // the text is unchanged: patch the blocks after it
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

/** The first two heading levels are used by the page itself. */
const levelOf = ({ level }) => `h${Math.min(6, level + 2)}`;

/** Whether an item starts with text that is not wrapped in a paragraph. */
const isTight = (blocks, loose) => !loose && blocks[0]?.type === "paragraph";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
