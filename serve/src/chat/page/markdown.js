// Markdown to a tree of plain data. Nothing of the text can come out as anything but these types:
// paragraph, heading, code, list, quote, table, rule. Raw HTML is text like any other.
//
// Whatever is cut off in the middle is a block all the same, so that a growing text can be shown.

// None of these can be made to run long by a line that almost matches.
const FENCE = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t](.*))?$/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])(?:( {1,4})(?=\S)|[ \t]*$| {5,})/;
const DIVIDER = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** How deep lists and quotes go; what is deeper is a paragraph. */
const DEEPEST = 8;

/** The blocks of a text; text inside of them is for `inline`. */
export function parse(text) {
  return outlined(blocks(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0));
}

/** Puts headings at their depth: a text that begins with `###` leaves out no level of the page. */
function outlined(blocks, open = []) {
  for (const block of blocks) {
    if (block.type === "heading") {
      while (open.at(-1) >= block.level) open.pop();
      open.push(block.level);
      block.level = open.length;
    } else if (block.type === "quote") outlined(block.blocks, open);
    else if (block.type === "list") for (const item of block.items) outlined(item, open);
  }
  return blocks;
}

function blocks(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const [block, next] = blockAt(lines, at, depth);
    found.push(block);
    at = next;
  }
  return found;
}

function blockAt(lines, at, depth) {
  const line = lines[at];
  const fence = FENCE.exec(line);
  if (fence) return code(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) return [headed(heading), at + 1];
  if (RULE.test(line)) return [{ type: "rule" }, at + 1];
  if (depth < DEEPEST) {
    if (QUOTE.test(line)) return quote(lines, at, depth);
    if (ITEM.test(line)) return list(lines, at, depth);
  }
  if (isTable(lines, at)) return table(lines, at);
  return paragraph(lines, at, depth);
}

const isBlank = (line) => line.trim() === "";
const indentOf = (line) => line.length - line.trimStart().length;

/** Whether a line ends the paragraph before it. */
function interrupts(lines, at, depth) {
  const line = lines[at];
  if (FENCE.test(line) || HEADING.test(line) || RULE.test(line) || isTable(lines, at)) return true;
  if (depth >= DEEPEST) return false;
  if (QUOTE.test(line)) return true;
  const item = ITEM.exec(line);
  // "1986. A year" in a paragraph begins no list
  return item !== null && item[4] !== undefined && (item[3] === undefined || item[3] === "1");
}

function paragraph(lines, at, depth) {
  const text = [lines[at].trim()];
  let next = at + 1;
  while (next < lines.length && !isBlank(lines[next]) && !interrupts(lines, next, depth)) {
    text.push(lines[next].trim());
    next += 1;
  }
  return [{ type: "paragraph", text: text.join("\n") }, next];
}

function headed([, marks, text = ""]) {
  return { type: "heading", level: marks.length, text: text.trim().replace(/(^|[ \t])#+$/, "").trim() };
}

function code(lines, at, [opening, fence, info]) {
  const closing = new RegExp(`^ {0,3}\\${fence[0]}{${fence.length},}[ \\t]*$`);
  const indent = indentOf(opening);
  const text = [];
  let next = at + 1;
  while (next < lines.length && !closing.test(lines[next])) {
    text.push(lines[next].slice(Math.min(indent, indentOf(lines[next]))));
    next += 1;
  }
  const lang = info.trim().split(/\s+/)[0];
  return [{ type: "code", lang, text: text.join("\n") }, next + 1];
}

function quote(lines, at, depth) {
  const inner = [];
  let next = at;
  while (next < lines.length && QUOTE.test(lines[next])) {
    inner.push(lines[next].replace(QUOTE, ""));
    next += 1;
  }
  return [{ type: "quote", blocks: blocks(inner, depth + 1) }, next];
}

function list(lines, at, depth) {
  const first = ITEM.exec(lines[at]);
  const kind = first[2].at(-1);
  const items = [];
  let next = at;
  let loose = false;
  while (next < lines.length) {
    const item = ITEM.exec(lines[next]);
    if (!item || item[2].at(-1) !== kind || RULE.test(lines[next])) break;
    const [inner, after] = itemLines(lines, next, item);
    loose ||= inner.some((line, index) => isBlank(line) && index + 1 < inner.length);
    items.push(blocks(inner, depth + 1));
    next = after;
    while (next < lines.length && isBlank(lines[next])) next += 1;
    const follows = next < lines.length && ITEM.exec(lines[next])?.[2].at(-1) === kind;
    loose ||= follows && next > after;
    if (!follows) break;
  }
  const ordered = first[3] !== undefined;
  return [{ type: "list", ordered, start: ordered ? Number(first[3]) : 1, loose, items }, next];
}

/** The lines of one item, without its marker and its indentation. */
function itemLines(lines, at, [, before, marker, , space]) {
  const indent = before.length + marker.length + (space?.length ?? 1);
  const least = Math.min(indent, before.length + 2);
  const inner = [lines[at].slice(indent)];
  let next = at + 1;
  while (next < lines.length) {
    const line = lines[next];
    if (isBlank(line)) {
      let then = next;
      while (then < lines.length && isBlank(lines[then])) then += 1;
      if (then === lines.length || indentOf(lines[then]) < least) break;
      while (next < then) {
        inner.push("");
        next += 1;
      }
      continue;
    }
    if (indentOf(line) >= least) inner.push(line.slice(Math.min(indent, indentOf(line))));
    else if (ITEM.test(line) || interrupts(lines, next, 0)) break;
    else inner.push(line.trim());
    next += 1;
  }
  return [inner, next];
}

function isTable(lines, at) {
  const divider = lines[at + 1];
  if (divider === undefined || !lines[at].includes("|") || !DIVIDER.test(divider)) return false;
  return divider.includes("-") && cells(lines[at]).length === cells(divider).length;
}

function table(lines, at) {
  const head = cells(lines[at]);
  const align = cells(lines[at + 1]).map((cell) => {
    const [left, right] = [cell.startsWith(":"), cell.endsWith(":")];
    return right ? (left ? "center" : "right") : "left";
  });
  const rows = [];
  let next = at + 2;
  while (next < lines.length && !isBlank(lines[next]) && lines[next].includes("|")) {
    const row = cells(lines[next]);
    rows.push(head.map((_, index) => row[index] ?? ""));
    next += 1;
  }
  return [{ type: "table", align, head, rows }, next];
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
