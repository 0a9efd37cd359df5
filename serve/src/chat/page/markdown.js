// Parser from Markdown to a tree of plain data with these types: paragraph, heading, code, list, quote,
// table, rule. Raw HTML is plain text.
//
// An incomplete block is a block too, so that a growing text can be shown. No block is longer than the limits
// below: a longer one continues in another block of the same type (`continued`). This bounds the part of
// the tree that a new word can change, regardless of the length of the text.

import { isCut, Lines } from "./lines.js";

const FENCE = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?: (.*))?$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])(?:( {1,4})(?=\S)| *$| {5,})/;
const DIVIDER = /^:?-+:?$/;

/** Maximum nesting depth of lists and quotes; deeper ones are paragraphs. */
const MAX_DEPTH = 8;

/** Maximum length of blocks, in characters. List items are not continued: the rest becomes paragraphs. */
const MAX_LENGTH = { paragraph: 4_000, code: 8_000, list: 2_500, quote: 4_000, table: 4_000, item: 32_000 };

/** Length added for each list item or table cell besides its text. */
const ELEMENT = 32;

/** Maximum number of blank lines within a list. */
const MAX_BLANK = 50;

/** Number of characters parsed per step. */
const STEP = 16_000;

/** Returns the blocks of a text. The text inside them is parsed by `inline`. */
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

/** An incremental parser for a growing text. Final blocks, which later text cannot change, are not parsed again. */
export class BlockParser {
  #lines = new Lines();
  #waiting = "";
  #rest = ""; // the lines from the first block that is not final
  #final = 0; // number of final blocks
  #carry = null; // the block that the start of `#rest` continues
  #outline = []; // the headings above `#rest`

  push(text) {
    this.#waiting += text;
  }

  /** Parses a part of the pushed text. Returns the blocks from index `first`, the first one that was not final. */
  step() {
    this.#rest += this.#lines.push(this.#waiting.slice(0, STEP));
    this.#waiting = this.#waiting.slice(STEP);
    const lines = this.#rest.split("\n");
    const found = locate(lines, 0, this.#carry);
    const step = { first: this.#final, blocks: found.map(({ block }) => block), more: this.#waiting !== "" };
    const final = finalOf(found, lines);
    normalizeLevels(step.blocks.slice(0, final), this.#outline);
    normalizeLevels(step.blocks.slice(final), [...this.#outline]);
    this.#settle(found, lines, final);
    return step;
  }

  #settle(found, lines, final) {
    if (final === found.length) {
      // only blank lines follow, and the last one may still grow
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
 * Returns the number of blocks that are final. The end of a block depends on at most the next two lines, and
 * only the last line still grows.
 */
function finalOf(found, lines) {
  const last = lines.length - 1;
  if (found.length > 0 && found.at(-1).end + MAX_BLANK + 2 <= last) return found.length;
  let final = found.length - 1;
  while (final > 0 && found[final].at + 2 > last) final -= 1;
  return Math.max(0, final);
}

/** Sets heading levels to their nesting depth, so that a text that starts with `###` skips no level. */
function normalizeLevels(blocks, open) {
  for (const block of blocks) {
    if (block.type === "heading") {
      while (open.at(-1) >= block.level) open.pop();
      open.push(block.level);
      block.level = open.length;
    } else if (block.type === "quote") normalizeLevels(block.blocks, open);
    else if (block.type === "list") for (const item of block.items) normalizeLevels(item, open);
  }
}

const blocks = (lines, depth) => locate(lines, depth, null).map(({ block }) => block);

/** Returns the blocks of some lines, each with its lines `at` to `end` and the block that it continues. */
function locate(lines, depth, carry) {
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

/** Returns a block, the line after it, and the block that the next one continues. */
function blockAt(lines, at, depth, carry) {
  if (carry) return CONTINUED[carry.type](lines, at, depth, carry);
  const line = lines[at];
  if (isCut(line)) return paragraph(lines, at, depth, { type: "paragraph" });
  const fence = FENCE.exec(line);
  if (fence) return fencedCode(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) return [headingOf(heading), at + 1];
  if (isRule(line)) return [{ type: "rule" }, at + 1];
  if (depth < MAX_DEPTH) {
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

/** At least three equal marks, and otherwise only spaces. */
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
  if (depth >= MAX_DEPTH) return false;
  if (QUOTE.test(line)) return true;
  const item = ITEM.exec(line);
  // "1986. A year" in a paragraph does not start a list
  return item !== null && item[4] !== undefined && (item[3] === undefined || item[3] === "1");
}

function paragraph(lines, at, depth, carry) {
  let text = (isCut(lines[at]) ? lines[at].slice(1) : lines[at]).trim();
  let next = at + 1;
  const block = () => ({ type: "paragraph", ...continued(carry), text });
  while (next < lines.length && !isBlank(lines[next]) && !interrupts(lines, next, depth)) {
    if (text.length >= MAX_LENGTH.paragraph) return [block(), next, { type: "paragraph" }];
    text += isCut(lines[next]) ? lines[next].slice(1).trimEnd() : `\n${lines[next].trim()}`;
    next += 1;
  }
  return [block(), next];
}

function headingOf([, marks, text = ""]) {
  const inner = text.trim();
  let end = inner.length;
  while (inner[end - 1] === "#") end -= 1;
  const closed = end === 0 || inner[end - 1] === " ";
  return { type: "heading", level: marks.length, text: closed ? inner.slice(0, end).trim() : inner };
}

function fencedCode(lines, at, [opening, fence, info]) {
  const lang = info.trim().split(/\s+/)[0];
  return code(lines, at + 1, { fence, lang, indent: indentOf(opening), opens: true });
}

function code(lines, at, { fence, lang, indent, opens }) {
  let text = "";
  let next = at;
  while (next < lines.length && !closes(lines[next], fence)) {
    const line = lines[next];
    // the text of a continued block includes the line feed at its end
    if (next > at && !isCut(line)) text += "\n";
    if (text.length >= MAX_LENGTH.code) {
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
    if (size >= MAX_LENGTH.quote) return [block(), next, { type: "quote" }];
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
    if (size >= MAX_LENGTH.list) return [block(), next, { type: "list", start: start + items.length, loose }];
    const [inner, after] = itemLines(lines, next, item);
    loose ||= inner.some((line, index) => isBlank(line) && index + 1 < inner.length);
    items.push(blocks(inner, depth + 1));
    size = inner.reduce((sum, line) => sum + line.length + 1, size + ELEMENT);
    next = after;
    while (next < lines.length && isBlank(lines[next])) next += 1;
    const near = next < lines.length && next - after <= MAX_BLANK;
    const follows = near && ITEM.exec(lines[next])?.[2].at(-1) === kind;
    loose ||= follows && next > after;
    if (!follows) {
      next = after;
      break;
    }
  }
  return [block(), next];
}

/** Returns the lines of one item without marker and indentation. */
function itemLines(lines, at, [, before, marker, , space]) {
  const indent = before.length + marker.length + (space?.length ?? 1);
  const least = Math.min(indent, before.length + 2);
  const inner = [lines[at].slice(indent)];
  let next = at + 1;
  for (let size = 0; next < lines.length && size < MAX_LENGTH.item; ) {
    const line = lines[next];
    if (isBlank(line)) {
      let then = next;
      while (then < lines.length && isBlank(lines[then])) then += 1;
      if (then === lines.length || then - next > MAX_BLANK || indentOf(lines[then]) < least) break;
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
    if (size >= MAX_LENGTH.table) return [block(), next, { type: "table", align }];
    const row = cells(lines[next]);
    found.push(align.map((_, index) => row[index] ?? ""));
    size += lines[next].length + align.length * ELEMENT;
    next += 1;
  }
  return [block(), next];
}

/** Returns the cells of a row; an escaped bar is text. */
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
