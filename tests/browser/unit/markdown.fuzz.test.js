// For any text of a model or a user, rendering creates only allowed elements and addresses, loses no text, and
// takes linear time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { document } from "./dom.js";
import { page } from "./page.js";
import { generator, ROUNDS } from "./random.js";

const { show } = await page("render");

const PIECES = [
  ..."*_`~[]()<>!#>-|:\\\n\n  \t&\"'/1.+",
  "**", "__", "```", "~~~", "\n\n", "\n- ", "\n  - ", "\n1. ", "\n> ", "|---|", "\n|a|b|\n|-|-|\n", "](", "![", "a", "word", "ä😀", "\u202e", "\0",
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<a href='javascript:alert(1)'>", "</p>", "<!--", "]]>",
  "javascript:alert(1)", "JAVASCRIPT:alert(1)", "java\nscript:", "\u0001javascript:", "data:text/html,x", "vbscript:", "https://a.b", "http://a.b/c_d", "mailto:a@b.c", "//evil.example", "&#106;avascript:", "%6aavascript:",
  "[x](javascript:alert(1))", "[x](<javascript:alert(1)>)", "<javascript:x>", "[x](https://a.b \"t\")", "![x](data:image/svg+xml,<svg onload=alert(1)>)",
];
const ADDRESS = /^(https?:\/\/|mailto:)/;

function rendered(text, options) {
  const into = document.createElement("div");
  show(into, text, options);
  return into;
}

test("any text creates only allowed elements and addresses", () => {
  for (let seed = 0; seed < ROUNDS * 3; seed += 1) {
    const { below, pick, next } = generator(seed);
    let text = "";
    for (let left = below(30); left > 0; left -= 1) text += pick(PIECES);
    // the document throws on any other element or property
    const into = rendered(text, { grows: next() < 0.5 });
    for (const element of into.all) {
      if (element.href === undefined) continue;
      assert.equal(element.name, "a");
      assert.match(element.href, ADDRESS, JSON.stringify(text));
      assert.match(element.rel, /noopener/);
    }
  }
});

test("no word is lost, wherever the text is cut off", () => {
  const marks = ["*", "**", "_", "`", "~~", "[", "]", "(", ")", "\n", "\n\n", "\n- ", "\n1. ", "\n> ", "\n# ", "\n```\n", "|", " ", " ", " "];
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    const { below, pick } = generator(seed);
    let text = "";
    let words = 0;
    for (let left = below(25); left > 0; left -= 1) {
      if (text !== "" && !/\s$/.test(text)) text += " ";
      text += `${pick(marks)}w${(words += 1)}x`;
      const visible = rendered(text, { grows: true }).textContent;
      // a word after a fence is its language
      for (let word = 1; word <= words; word += 1) assert.ok(visible.includes(`w${word}x`), `seed ${seed}: ${JSON.stringify(text)} lacks w${word}x`);
    }
  }
});

test("incremental rendering equals rendering at once", () => {
  for (let seed = 0; seed < ROUNDS / 10; seed += 1) {
    const { below, pick } = generator(seed);
    const into = document.createElement("div");
    let text = "";
    for (let left = below(30); left > 0; left -= 1) {
      text += pick(PIECES);
      show(into, text, { grows: true });
    }
    show(into, text);
    assert.equal(into.html, rendered(text).html, JSON.stringify(text));
  }
});

test("rendering takes linear time for any kind of text", () => {
  const pieces = ["*", "_", "**a ", "*a_ ", "`", "` `` ", "[", "![", "[a](", "](", "[](", "<", "<https://", "https://a.b)", "https://a.b/(", ")", "\\", "~~", "> ", "- ", "1. ", "  ", "# ", "#", "|", "|-", "\n", "\n- ", "\n> ", "\n\n- a", "a\n", "~~~ ", "***a", "a*** ", "[a](https://b.c)", "- - "];
  const around = [(text) => text, (text) => `# ${text}x`, (text) => `- a\n\n  ${text}`, (text) => `~~~${text}\``, (text) => `|${text}\n|-|`];
  const took = (text) => {
    const start = performance.now();
    rendered(text, { grows: true });
    return performance.now() - start;
  };
  for (const piece of pieces) {
    for (const wrap of around) {
      // other programs may use the processor, but not in all three attempts
      const ratio = () => {
        const [few, many] = [took(wrap(piece.repeat(4_000))), took(wrap(piece.repeat(32_000)))];
        return many < 300 ? 0 : many / few;
      };
      const slow = [1, 2, 3].every(() => ratio() > 24);
      assert.ok(!slow, `${JSON.stringify(piece)} in ${JSON.stringify(wrap("…"))}`);
    }
  }
});
