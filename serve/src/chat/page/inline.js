// Parser for inline Markdown to a tree of plain data: text, break, code, strong, emphasis, struck, link. It
// runs in linear time.

const PUNCTUATION = /[!-/:-@[-`{-~]/;
const SPECIAL = /[\\`*_~[\]!<\n]|https?:\/\//g;
const BARE = /^https?:\/\/[^\s<>"'`]+/;
const AUTO = /^<((?:https?:\/\/|mailto:)[^\s<>]*)>/i;

/** Maximum length of an address. */
const MAX_ADDRESS = 1024;

/** Maximum nesting depth; deeper nodes are text. */
const MAX_DEPTH = 16;
const MAX_BRACKETS = 32;

/** Protocols allowed in links. */
const PROTOCOLS = new Set(["http:", "https:", "mailto:"]);

/** Returns the address of a link as the browser resolves it; null if it is not allowed. */
export function address(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  return PROTOCOLS.has(url.protocol) ? url.href : null;
}

/** Parses a text. If it still grows, the delimiters opened last are treated as closed. */
export function inline(text, { grows = false } = {}) {
  return emphasise(new Scan(text, grows).run(), grows);
}

class Scan {
  constructor(text, grows) {
    this.text = text;
    this.grows = grows;
    this.at = 0;
    this.out = [];
    this.brackets = []; // indices in `out` of open brackets
    this.ticks = null; // positions of runs of backticks, by length
  }

  run() {
    const { text } = this;
    while (this.at < text.length) {
      SPECIAL.lastIndex = this.at;
      const found = SPECIAL.exec(text)?.index ?? text.length;
      this.addText(text.slice(this.at, found));
      this.at = found;
      if (found < text.length) this.special(text[found]);
    }
    return this.out;
  }

  special(char) {
    switch (char) {
      case "\\":
        return this.escape();
      case "`":
        return this.code();
      case "\n":
        this.out.push({ type: "break" });
        return this.skip(1);
      case "!":
        if (this.text[this.at + 1] !== "[") return this.literal(1);
        return this.bracket(2);
      case "[":
        return this.bracket(1);
      case "]":
        return this.link();
      case "<":
        return this.auto(AUTO, 1);
      case "h":
        return this.auto(BARE, 0);
      default:
        return this.delimiter(char);
    }
  }

  addText(text) {
    if (text === "") return;
    const last = this.out.at(-1);
    if (last?.type === "text") last.text += text;
    else this.out.push({ type: "text", text });
  }

  literal(length) {
    this.addText(this.text.slice(this.at, this.at + length));
    this.skip(length);
  }

  skip(length) {
    this.at += length;
  }

  escape() {
    const next = this.text[this.at + 1];
    if (next === undefined || !PUNCTUATION.test(next)) return this.literal(1);
    this.addText(next);
    this.skip(2);
  }

  code() {
    const length = this.runOf("`", this.at);
    const end = this.closing(length) ?? (this.grows ? this.text.length : undefined);
    if (end === undefined) return this.literal(length);
    const inner = this.text.slice(this.at + length, end).replaceAll("\n", " ");
    const padded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
    this.out.push({ type: "code", text: padded ? inner.slice(1, -1) : inner });
    this.at = end + length;
  }

  runOf(char, at) {
    let end = at;
    while (this.text[end] === char) end += 1;
    return end - at;
  }

  /** Returns the position of the next run of `length` backticks. */
  closing(length) {
    this.ticks ??= [...this.text.matchAll(/`+/g)].reduce((runs, { 0: { length }, index }) => {
      if (!runs.has(length)) runs.set(length, { next: 0, places: [] });
      runs.get(length).places.push(index);
      return runs;
    }, new Map());
    const runs = this.ticks.get(length);
    while (runs?.places[runs.next] <= this.at) runs.next += 1;
    return runs?.places[runs.next];
  }

  bracket(length) {
    if (this.brackets.length === MAX_BRACKETS) this.brackets.shift();
    this.brackets.push({ index: this.out.length, isImage: length === 2 });
    // a separate node, so that following text is not merged into it
    this.out.push({ type: "bracket", text: this.text.slice(this.at, this.at + length) });
    this.skip(length);
  }

  link() {
    const open = this.brackets.pop();
    const found = open && target(this.text.slice(this.at + 1, this.at + 1 + MAX_ADDRESS));
    if (!found) return this.literal(1);
    // links cannot be nested; an image is shown as a link, since the page loads no images
    if (!open.isImage) this.brackets = [];
    const href = address(found.address.replace(/\\([!-/:-@[-`{-~])/g, "$1"));
    const inner = this.out.splice(open.index).slice(1);
    const children = emphasise(inner, false);
    const label = children.length > 0 ? children : [{ type: "text", text: href ?? "" }];
    // a link that is not allowed is shown as its label
    if (href === null) for (const node of label) this.out.push(node);
    else this.out.push(nested("link", label.flatMap(unlinked), { href }));
    this.skip(1 + found.length);
  }

  auto(pattern, from) {
    const rest = this.text.slice(this.at, this.at + MAX_ADDRESS);
    const found = pattern.exec(rest)?.[from];
    const text = from === 0 ? found && trimmed(found) : found;
    const href = text ? address(text) : null;
    if (href === null) return this.literal(1);
    this.out.push(nested("link", [{ type: "text", text }], { href }));
    this.skip(text.length + 2 * from);
  }

  delimiter(char) {
    const length = this.runOf(char, this.at);
    const [before, after] = [this.text[this.at - 1] ?? " ", this.text[this.at + length] ?? " "];
    const isSpace = (char) => /\s/.test(char);
    const isMark = (char) => PUNCTUATION.test(char);
    const left = !isSpace(after) && (!isMark(after) || isSpace(before) || isMark(before));
    const right = !isSpace(before) && (!isMark(before) || isSpace(after) || isMark(after));
    const inWord = char === "_" && left && right;
    const opens = left && (!inWord || isMark(before));
    const closes = right && (!inWord || isMark(after));
    this.out.push({ type: "delimiter", char, length, opens, closes });
    this.skip(length);
  }
}

/** Parses `(address "title")` at the start of a text in one pass: `{ address, length }`, or null. */
function target(text) {
  if (text[0] !== "(") return null;
  let at = spaces(text, 1);
  let address;
  if (text[at] === "<") {
    const end = text.indexOf(">", at);
    address = end < 0 ? null : text.slice(at + 1, end);
    if (address === null || /[<\n]/.test(address)) return null;
    at = end + 1;
  } else {
    const from = at;
    at = addressEnd(text, at);
    address = text.slice(from, at);
  }
  const after = spaces(text, at);
  const quote = text[after];
  if (after > at && (quote === '"' || quote === "'")) {
    const end = text.indexOf(quote, after + 1);
    if (end < 0) return null;
    at = spaces(text, end + 1);
  } else at = after;
  return text[at] === ")" ? { address, length: at + 1 } : null;
}

function spaces(text, at) {
  while (at < text.length && /\s/.test(text[at])) at += 1;
  return at;
}

/** Returns the end of an address, which may contain escapes and one level of parentheses. */
function addressEnd(text, at) {
  let paren = -1;
  for (; at < text.length; at += 1) {
    const char = text[at];
    if (/\s/.test(char)) break;
    if (char === "\\") {
      if (at + 1 === text.length || text[at + 1] === "\n") break;
      at += 1;
    } else if (char === "(") {
      if (paren >= 0) break;
      paren = at;
    } else if (char === ")") {
      if (paren < 0) return at;
      paren = -1;
    }
  }
  // an unclosed parenthesis is not part of the address
  return paren < 0 ? at : paren;
}

/** Returns a bare address without trailing punctuation of the sentence around it. */
function trimmed(url) {
  let open = url.split("(").length - url.split(")").length;
  let end = url.length;
  while (end > 0 && (".,:;!?*_~".includes(url[end - 1]) || (url[end - 1] === ")" && open < 0))) {
    if (url[end - 1] === ")") open += 1;
    end -= 1;
  }
  return url.slice(0, end);
}

function nested(type, children, more) {
  const depth = 1 + children.reduce((deepest, child) => Math.max(deepest, child.depth ?? 0), 0);
  if (depth > MAX_DEPTH) return { type: "text", text: children.map(textOf).join("") };
  return { type, ...more, depth, children };
}

function textOf(node) {
  if (node.children) return node.children.map(textOf).join("");
  return node.type === "break" ? "\n" : node.text;
}

function unlinked(node) {
  if (node.type === "link") return node.children.flatMap(unlinked);
  return [node.children ? { ...node, children: node.children.flatMap(unlinked) } : node];
}

/** Pairs the delimiters of a list of nodes. */
function emphasise(nodes, grows) {
  const out = [];
  const open = { "*": [], _: [], "~": [] }; // indices in `out` of delimiters that may open
  for (const node of nodes) {
    if (node.type !== "delimiter") {
      out.push(node);
      continue;
    }
    let { length } = node;
    if (node.closes) length = close(out, open, node.char, length);
    if (length === 0) continue;
    if (node.opens) open[node.char].push(out.length);
    out.push({ ...node, length });
  }
  if (grows) closeLast(out, open);
  return out.map((node) => plain(node)).reduce(joined, []);
}

function close(out, open, char, length) {
  const opened = open[char];
  while (length > 0 && opened.length > 0) {
    const index = opened.at(-1);
    const size = Math.min(2, length, out[index].length);
    if (char === "~" && size < 2) break;
    wrap(out, open, index, char, size);
    length -= size;
  }
  return length;
}

/** Wraps everything after the delimiter at `index` in one node. */
function wrap(out, open, index, char, size) {
  const children = out.splice(index + 1).map(plain).reduce(joined, []);
  for (const indices of Object.values(open)) while (indices.at(-1) > index) indices.pop();
  out[index].length -= size;
  if (out[index].length === 0) {
    out.pop();
    open[char].pop();
  }
  out.push(nested(char === "~" ? "struck" : size === 2 ? "strong" : "emphasis", children));
}

/** Closes strong emphasis that is still open at the end of a growing text. */
function closeLast(out, open) {
  for (const char of ["*", "_"]) {
    const index = open[char].at(-1);
    if (index !== undefined && out[index].length === 2 && index + 1 < out.length) wrap(out, open, index, char, 2);
  }
}

function plain(node) {
  if (node.type === "delimiter") return { type: "text", text: node.char.repeat(node.length) };
  if (node.type === "bracket") return { type: "text", text: node.text };
  return node;
}

function joined(nodes, node) {
  const last = nodes.at(-1);
  if (node.type === "text" && last?.type === "text") {
    nodes[nodes.length - 1] = { type: "text", text: last.text + node.text };
  } else nodes.push(node);
  return nodes;
}
