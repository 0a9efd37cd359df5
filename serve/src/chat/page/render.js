// Markdown as DOM nodes. Elements are made by name from the lists below and text goes into text
// nodes, so whatever the text says, no other element and no attribute can come of it.

import { inline } from "./inline.js";
import { parse } from "./markdown.js";

const INLINE = { code: "code", strong: "strong", emphasis: "em", struck: "s", link: "a" };

/** The blocks that an element shows, to tell which ones are still the same. */
const SHOWN = new WeakMap();

/** Makes `into` show `text`. Blocks that did not change stay the same nodes. */
export function show(into, text, { grows = false, document = into.ownerDocument } = {}) {
  const blocks = parse(text);
  const keys = blocks.map((block, index) => JSON.stringify(block) + (grows && index === blocks.length - 1));
  const before = SHOWN.get(into) ?? [];
  let same = 0;
  while (same < keys.length && keys[same] === before[same]) same += 1;
  while (into.childNodes.length > same) into.lastChild.remove();
  const draw = new Draw(document);
  for (let index = same; index < blocks.length; index += 1) {
    into.append(draw.block(blocks[index], grows && index === blocks.length - 1));
  }
  SHOWN.set(into, keys);
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
    switch (block.type) {
      case "heading":
        // the page has the first two levels
        return this.element(`h${Math.min(6, block.level + 2)}`, this.text(block.text, grows));
      case "code":
        return this.code(block);
      case "list":
        return this.list(block, grows);
      case "quote":
        return this.element("blockquote", this.blocks(block.blocks, grows));
      case "table":
        return this.table(block);
      case "rule":
        return this.element("hr");
      default:
        return this.element("p", this.text(block.text, grows));
    }
  }

  code({ lang, text }) {
    const button = this.element("button", ["Copy"], "copy");
    button.type = "button";
    const name = this.element("span", [lang || "text"], "lang");
    const pre = this.element("pre", [this.element("code", [text])]);
    pre.tabIndex = 0; // so that the keyboard can scroll it
    return this.element("div", [this.element("div", [name, button], "bar"), pre], "code");
  }

  list({ ordered, start, loose, items }, grows) {
    const list = this.element(ordered ? "ol" : "ul", [], loose ? "loose" : "");
    if (ordered && start !== 1) list.start = start;
    items.forEach((blocks, index) => {
      const last = grows && index === items.length - 1;
      const tight = !loose && blocks[0]?.type === "paragraph";
      const inner = tight
        ? [...this.text(blocks[0].text, last && blocks.length === 1), ...this.blocks(blocks.slice(1), last)]
        : this.blocks(blocks, last);
      list.append(this.element("li", inner));
    });
    return list;
  }

  table({ align, head, rows }) {
    const row = (cells, name) =>
      this.element("tr", cells.map((cell, index) => this.element(name, this.text(cell), align[index])));
    const table = this.element("table", [
      this.element("thead", [row(head, "th")]),
      this.element("tbody", rows.map((cells) => row(cells, "td"))),
    ]);
    const around = this.element("div", [table], "table");
    around.tabIndex = 0;
    return around;
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
}
