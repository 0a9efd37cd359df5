// Markdown to a tree of plain data. Nothing of the text can come out as anything but these types:
// paragraph, heading, code, list, quote, table, rule. Raw HTML is text like any other.
//
// A block that is cut off in the middle is a block all the same, so that a growing text can be shown.
// No block is longer than the limits below: a longer one is continued in another block of its kind
// (`continued`). So what a new word can change is bounded, however long the text is.

import { isCut, Lines } from "./lines.js";

const FENCE = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?: (.*))?$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])(?:( {1,4})(?=\S)| *$| {5,})/;
const DIVIDER = /^:?-+:?$/;

/** How deep lists and quotes go; what is deeper is a paragraph. */
const DEEPEST = 8;

/** Longest blocks, in characters of the text. An item of a list is not continued: its rest is paragraphs. */
const MOST = { paragraph: 4_000, code: 8_000, list: 2_500, quote: 4_000, table: 4_000, item: 32_000 };

/** What an element counts in a list or a table beside its text. */
const ELEMENT = 32;

/** Blank lines after which nothing continues a list. */
const MOST_BLANK = 50;

/** Characters that a step takes in. */
const STEP = 16_000;

/** The blocks of a text; text inside of them is for `inline`. */
export function parse(text) {
  const parser = new BlockParser();
  parser.push(text);
  const blocks = [];
  for (let more = true; more; ) {
    const step = parser.step();
    blocks.splice(step.first, Infinity, ...step.blocks);
    more = step.more;
  }
  return blocks;
}

/** Parses a growing text step by step; blocks that nothing can change any more are not parsed again. */
export class BlockParser {
  #lines = new Lines();
  #waiting = "";
  #rest = ""; // the lines from the first block on that is not final
  #final = 0; // how many blocks are final
  #carry = null; // what the beginning of `#rest` continues
  #outline = []; // the headings above `#rest`

  push(text) {
    this.#waiting += text;
  }

  /** Takes in a part of what was pushed. Returns the blocks from the `first` on that was not final. */
  step() {
    this.#rest += this.#lines.push(this.#waiting.slice(0, STEP));
    this.#waiting = this.#waiting.slice(STEP);
    const lines = this.#rest.split("\n");
    const found = placed(lines, 0, this.#carry);
    const step = { first: this.#final, blocks: found.map(({ block }) => block), more: this.#waiting !== "" };
    const final = finalOf(found, lines);
    outlined(step.blocks.slice(0, final), this.#outline);
    outlined(step.blocks.slice(final), [...this.#outline]);
    this.#settle(found, lines, final);
    return step;
  }

  #settle(found, lines, final) {
    if (final === found.length) {
      // only blank lines follow, and the last one may become something else
      if (found.length > 0 || lines.length > 1) this.#rest = lines.at(-1);
      if (found.length > 0) this.#carry = null;
    } else if (final > 0) {
      this.#rest = lines.slice(found[final].at).join("\n");
      this.#carry = found[final].carry;
    }
    this.#final += final;
  }
}

/**
 * How many blocks can not change any more. The end of a block depends on at most the two lines behind
 * it, and only the last line still grows.
 */
function finalOf(found, lines) {
  const last = lines.length - 1;
  if (found.length > 0 && found.at(-1).end + MOST_BLANK + 2 <= last) return found.length;
  let final = found.length - 1;
  while (final > 0 && found[final].at + 2 > last) final -= 1;
  return Math.max(0, final);
}

/** Puts headings at their depth: a text that begins with `###` leaves out no level of the page. */
function outlined(blocks, open) {
  for (const block of blocks) {
    if (block.type === "heading") {
      while (open.at(-1) >= block.level) open.pop();
      open.push(block.level);
      block.level = open.length;
    } else if (block.type === "quote") outlined(block.blocks, open);
    else if (block.type === "list") for (const item of block.items) outlined(item, open);
  }
}

const blocks = (lines, depth) => placed(lines, depth, null).map(({ block }) => block);

/** The blocks of some lines, each with the lines `at` to `end` that it comes from, and what it continues. */
function placed(lines, depth, carry) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    if (carry === null && isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const [block, end, next = null] = blockAt(lines, at, depth, carry);
    found.push({ block, at, end, carry });
    carry = next;
    at = end;
  }
  return found;
}

/** A block, the line behind it, and what the block there continues. */
function blockAt(lines, at, depth, carry) {
  if (carry) return CONTINUED[carry.type](lines, at, depth, carry);
  const line = lines[at];
  if (isCut(line)) return paragraph(lines, at, depth, { type: "paragraph" });
  const fence = FENCE.exec(line);
  if (fence) return fenced(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) return [headed(heading), at + 1];
  if (isRule(line)) return [{ type: "rule" }, at + 1];
  if (depth < DEEPEST) {
    if (QUOTE.test(line)) return quote(lines, at, depth, null);
    if (ITEM.test(line)) return list(lines, at, depth, null);
  }
  if (isTable(lines, at)) return table(lines, at);
  return paragraph(lines, at, depth, null);
}

const CONTINUED = {
  paragraph,
  quote,
  list,
  code: (lines, at, depth, carry) => code(lines, at, carry),
  table: (lines, at, depth, carry) => rows(lines, at, carry),
};

const continued = (carry) => (carry ? { continued: true } : {});
const isBlank = (line) => line.trim() === "";
const indentOf = (line) => line.length - line.trimStart().length;

/** Three marks or more of one kind and nothing else but spaces. */
function isRule(line) {
  const marks = line.trim();
  const [mark] = marks;
  if (indentOf(line) > 3 || !"-*_".includes(mark || " ")) return false;
  let count = 0;
  for (const char of marks) {
    if (char === mark) count += 1;
    else if (char !== " ") return false;
  }
  return count >= 3;
}

/** Whether a line ends the paragraph before it. */
function interrupts(lines, at, depth) {
  const line = lines[at];
  if (isCut(line)) return false;
  if (FENCE.test(line) || HEADING.test(line) || isRule(line) || isTable(lines, at)) return true;
  if (depth >= DEEPEST) return false;
  if (QUOTE.test(line)) return true;
  const item = ITEM.exec(line);
  // "1986. A year" in a paragraph begins no list
  return item !== null && item[4] !== undefined && (item[3] === undefined || item[3] === "1");
}

function paragraph(lines, at, depth, carry) {
  let text = (isCut(lines[at]) ? lines[at].slice(1) : lines[at]).trim();
  let next = at + 1;
  const block = () => ({ type: "paragraph", ...continued(carry), text });
  while (next < lines.length && !isBlank(lines[next]) && !interrupts(lines, next, depth)) {
    if (text.length >= MOST.paragraph) return [block(), next, { type: "paragraph" }];
    text += isCut(lines[next]) ? lines[next].slice(1).trimEnd() : `\n${lines[next].trim()}`;
    next += 1;
  }
  return [block(), next];
}

function headed([, marks, text = ""]) {
  const inner = text.trim();
  let end = inner.length;
  while (inner[end - 1] === "#") end -= 1;
  const closed = end === 0 || inner[end - 1] === " ";
  return { type: "heading", level: marks.length, text: closed ? inner.slice(0, end).trim() : inner };
}

function fenced(lines, at, [opening, fence, info]) {
  const lang = info.trim().split(/\s+/)[0];
  return code(lines, at + 1, { fence, lang, indent: indentOf(opening), opens: true });
}

function code(lines, at, { fence, lang, indent, opens }) {
  let text = "";
  let next = at;
  while (next < lines.length && !closes(lines[next], fence)) {
    const line = lines[next];
    // the text of a block that is continued ends with the line feed, if there is one
    if (next > at && !isCut(line)) text += "\n";
    if (text.length >= MOST.code) {
      return [{ type: "code", ...continued(!opens), lang, text }, next, { type: "code", fence, lang, indent }];
    }
    text += isCut(line) ? line.slice(1) : line.slice(Math.min(indent, indentOf(line)));
    next += 1;
  }
  return [{ type: "code", ...continued(!opens), lang, text }, next + 1];
}

function closes(line, fence) {
  const indent = indentOf(line);
  let end = indent;
  while (line[end] === fence[0]) end += 1;
  return indent <= 3 && end - indent >= fence.length && isBlank(line.slice(end));
}

function quote(lines, at, depth, carry) {
  const inner = [];
  let next = at;
  let size = 0;
  const block = () => ({ type: "quote", ...continued(carry), blocks: blocks(inner, depth + 1) });
  while (next < lines.length && (isCut(lines[next]) || QUOTE.test(lines[next]))) {
    if (size >= MOST.quote) return [block(), next, { type: "quote" }];
    inner.push(isCut(lines[next]) ? lines[next] : lines[next].replace(QUOTE, ""));
    size += lines[next].length + 1;
    next += 1;
  }
  return [block(), next];
}

function list(lines, at, depth, carry) {
  const first = ITEM.exec(lines[at]);
  const kind = first[2].at(-1);
  const ordered = first[3] !== undefined;
  const start = carry?.start ?? (ordered ? Number(first[3]) : 1);
  const items = [];
  let next = at;
  let size = 0;
  let loose = carry?.loose ?? false;
  const block = () => ({ type: "list", ...continued(carry), ordered, start, loose, items });
  while (next < lines.length) {
    const item = ITEM.exec(lines[next]);
    if (!item || item[2].at(-1) !== kind || isRule(lines[next])) break;
    if (size >= MOST.list) return [block(), next, { type: "list", start: start + items.length, loose }];
    const [inner, after] = itemLines(lines, next, item);
    loose ||= inner.some((line, index) => isBlank(line) && index + 1 < inner.length);
    items.push(blocks(inner, depth + 1));
    size = inner.reduce((sum, line) => sum + line.length + 1, size + ELEMENT);
    next = after;
    while (next < lines.length && isBlank(lines[next])) next += 1;
    const near = next < lines.length && next - after <= MOST_BLANK;
    const follows = near && ITEM.exec(lines[next])?.[2].at(-1) === kind;
    loose ||= follows && next > after;
    if (!follows) {
      next = after;
      break;
    }
  }
  return [block(), next];
}

/** The lines of one item, without its marker and its indentation. */
function itemLines(lines, at, [, before, marker, , space]) {
  const indent = before.length + marker.length + (space?.length ?? 1);
  const least = Math.min(indent, before.length + 2);
  const inner = [lines[at].slice(indent)];
  let next = at + 1;
  for (let size = 0; next < lines.length && size < MOST.item; ) {
    const line = lines[next];
    if (isBlank(line)) {
      let then = next;
      while (then < lines.length && isBlank(lines[then])) then += 1;
      if (then === lines.length || then - next > MOST_BLANK || indentOf(lines[then]) < least) break;
      while (next < then) {
        inner.push("");
        next += 1;
      }
      continue;
    }
    if (indentOf(line) >= least) inner.push(line.slice(Math.min(indent, indentOf(line))));
    else if (ITEM.test(line) || interrupts(lines, next, 0)) break;
    else inner.push(line.trim());
    size += line.length + 1;
    next += 1;
  }
  return [inner, next];
}

function isTable(lines, at) {
  const [head, divider] = [lines[at], lines[at + 1]];
  if (divider === undefined || isCut(head) || !head.includes("|") || indentOf(divider) > 3) return false;
  const marks = cells(divider);
  return marks.every((mark) => DIVIDER.test(mark)) && cells(head).length === marks.length;
}

function table(lines, at) {
  const align = cells(lines[at + 1]).map((cell) => {
    const [left, right] = [cell.startsWith(":"), cell.endsWith(":")];
    return right ? (left ? "center" : "right") : "left";
  });
  return rows(lines, at + 2, { align, head: cells(lines[at]) });
}

function rows(lines, at, { align, head = null }) {
  const found = [];
  let next = at;
  let size = 0;
  const block = () => ({ type: "table", ...continued(!head), align, head, rows: found });
  while (next < lines.length && !isBlank(lines[next]) && !isCut(lines[next]) && lines[next].includes("|")) {
    if (size >= MOST.table) return [block(), next, { type: "table", align }];
    const row = cells(lines[next]);
    found.push(align.map((_, index) => row[index] ?? ""));
    size += lines[next].length + align.length * ELEMENT;
    next += 1;
  }
  return [block(), next];
}

/** The cells of a row; a bar behind a backslash is text. */
function cells(line) {
  const row = line.trim();
  const start = row[0] === "|" ? 1 : 0;
  const isBar = (at) => row[at] === "|" && (at === start || row[at - 1] !== "\\");
  const end = row.length > start && isBar(row.length - 1) ? row.length - 1 : row.length;
  const found = [];
  let from = start;
  for (let at = start; at <= end; at += 1) {
    if (at < end && !isBar(at)) continue;
    found.push(row.slice(from, at).trim().replaceAll("\\|", "|"));
    from = at + 1;
  }
  return found;
}
