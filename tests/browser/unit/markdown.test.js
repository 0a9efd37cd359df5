import assert from "node:assert/strict";
import { test } from "node:test";
import { document } from "./dom.js";
import { page } from "./page.js";

const { address } = await page("inline");
const { show } = await page("render");

function html(text, options) {
  const into = document.createElement("div");
  show(into, text, options);
  return blocksOf(into).map((node) => node.html).join("");
}

/** Returns the blocks in all parts and sections of a text. */
const blocksOf = (into) => into.childNodes.flatMap(({ childNodes }) => childNodes).flatMap(({ childNodes }) => childNodes);

/** Declares a test. Each row is a Markdown text and its HTML. */
function check(name, rows, options) {
  test(name, () => {
    for (const [text, expected] of rows) assert.equal(html(text, options), expected, JSON.stringify(text));
  });
}

check("paragraphs and breaks", [
  ["", ""],
  ["one", "<p>one</p>"],
  ["one\ntwo", "<p>one<br></br>two</p>"],
  ["one\n\ntwo\n", "<p>one</p><p>two</p>"],
  ["one\r\n\r\ntwo", "<p>one</p><p>two</p>"],
]);

check("headings and rules", [
  ["# one", "<h3>one</h3>"],
  ["## one ##", "<h3>one</h3>"],
  ["# one\n## two\n### three\n###### four", "<h3>one</h3><h4>two</h4><h5>three</h5><h6>four</h6>"],
  ["### one\n##### two\n### three\n# four\n- ###### five", "<h3>one</h3><h4>two</h4><h3>three</h3><h3>four</h3><ul><li><h4>five</h4></li></ul>"],
  ["#one", "<p>#one</p>"],
  ["#", "<h3></h3>"],
  ["C# is one", "<p>C# is one</p>"],
  ["---", "<hr></hr>"],
  ["one\n***\ntwo", "<p>one</p><hr></hr><p>two</p>"],
]);

check("emphasis", [
  ["*a* _b_ **c** __d__ ***e*** ~~f~~", "<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <em><strong>e</strong></em> <s>f</s></p>"],
  ["**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"],
  ["snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"],
  ["**open", "<p>**open</p>"],
  ["a\\*b\\*", "<p>a*b*</p>"],
  ["~/.config and ~/.cache", "<p>~/.config and ~/.cache</p>"],
]);

check("code", [
  ["`a*b*`", "<p><code>a*b*</code></p>"],
  ["`` a`b ``", "<p><code>a`b</code></p>"],
  ["`open", "<p>`open</p>"],
  ["```rust\nfn main() {}\n```", '<div className="code"><div className="bar"><span className="lang">rust</span><button className="copy">Copy</button></div><pre><code>fn main() {}</code></pre></div>'],
  ["```\n<b>\n\n# no heading", '<div className="code"><div className="bar"><span className="lang">text</span><button className="copy">Copy</button></div><pre><code>&lt;b>\n\n# no heading</code></pre></div>'],
]);

check("lists", [
  ["- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
  ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
  ["- a\n  - b\n  - c\n- d", "<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul>"],
  ["1. a\n   - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"],
  ["- a\n\n- b", '<ul className="loose"><li><p>a</p></li><li><p>b</p></li></ul>'],
  ["- a\n\n  more\n- b", '<ul className="loose"><li><p>a</p><p>more</p></li><li><p>b</p></li></ul>'],
  ["text\n- a", "<p>text</p><ul><li>a</li></ul>"],
  ["It was\n1986. A year", "<p>It was<br></br>1986. A year</p>"],
  ["- a\n\ntext", "<ul><li>a</li></ul><p>text</p>"],
  ["-", "<ul><li></li></ul>"],
  ["- a\nlazy", "<ul><li>a<br></br>lazy</li></ul>"],
]);

check("quotes and tables", [
  ["> a\n> b", "<blockquote><p>a<br></br>b</p></blockquote>"],
  ["> - a", "<blockquote><ul><li>a</li></ul></blockquote>"],
  ["| a | b |\n|---|--:|\n| 1 | `x` |", '<div className="table"><table><thead><tr><th className="left">a</th><th className="right">b</th></tr></thead><tbody><tr><td className="left">1</td><td className="right"><code>x</code></td></tr></tbody></table></div>'],
  ["| a | b |", "<p>| a | b |</p>"],
  ["a | b\n--- | ---", '<div className="table"><table><thead><tr><th className="left">a</th><th className="left">b</th></tr></thead><tbody></tbody></table></div>'],
]);

check("links", [
  ["[a](https://b.c/d)", '<p><a href="https://b.c/d">a</a></p>'],
  ['[*a*](https://b.c "title")', '<p><a href="https://b.c/"><em>a</em></a></p>'],
  ["<https://b.c>", '<p><a href="https://b.c/">https://b.c</a></p>'],
  ["see https://b.c/d_e_f.", '<p>see <a href="https://b.c/d_e_f">https://b.c/d_e_f</a>.</p>'],
  ["(https://b.c/d_(e))", '<p>(<a href="https://b.c/d_(e)">https://b.c/d_(e)</a>)</p>'],
  ["[a](mailto:b@c.d)", '<p><a href="mailto:b@c.d">a</a></p>'],
  ["![a picture](https://b.c/d.png)", '<p><a href="https://b.c/d.png">a picture</a></p>'],
  ["[![a](https://b.c/d.png)](https://e.f)", '<p><a href="https://e.f/">a</a></p>'],
  ["[a [b](https://c.d) e](https://f.g)", '<p>[a <a href="https://c.d/">b</a> e](<a href="https://f.g/">https://f.g</a>)</p>'],
  ["[a] and [b][c]", "<p>[a] and [b][c]</p>"],
]);

check("links that are not allowed are text", [
  ["[a](javascript:alert(1))", "<p>a</p>"],
  ["[a](JaVaScRiPt:alert(1))", "<p>a</p>"],
  ["[a](java\tscript:alert(1))", "<p>[a](java    script:alert(1))</p>"],
  ["[a](data:text/html,<script>alert(1)</script>)", "<p>a</p>"],
  ["[a](vbscript:x)", "<p>a</p>"],
  ["[a](/relative)", "<p>a</p>"],
  ["[a](//evil.example)", "<p>a</p>"],
  ["<javascript:alert(1)>", "<p>&lt;javascript:alert(1)></p>"],
]);

check("raw HTML is text", [
  ["<script>alert(1)</script>", "<p>&lt;script>alert(1)&lt;/script></p>"],
  ["<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)></p>"],
  ["&lt;b&gt;", "<p>&amp;lt;b&amp;gt;</p>"],
  ["```<img src=x>\ncode", '<div className="code"><div className="bar"><span className="lang">&lt;img</span><button className="copy">Copy</button></div><pre><code>code</code></pre></div>'],
]);

check(
  "delimiters open at the end of a growing text are closed",
  [
    ["**open", "<p><strong>open</strong></p>"],
    ["a `co", "<p>a <code>co</code></p>"],
    ["- one\n- **tw", "<ul><li>one</li><li><strong>tw</strong></li></ul>"],
    ["2 * 3", "<p>2 * 3</p>"],
  ],
  { grows: true },
);

test("unchanged and growing blocks keep their nodes", () => {
  const into = document.createElement("div");
  for (const [text, more] of [
    ["two", "two three"],
    ["- a\n- b", "- a\n- b c"],
    ["> a\n> - b", "> a\n> - b c\n> - d"],
    ["```\na", "```\nab\nc"],
    ["|a|\n|-|\n|b", "|a|\n|-|\n|bc|\n|d|"],
  ]) {
    show(into, `one\n\n${text}`, { grows: true });
    const [first, second] = blocksOf(into);
    show(into, `one\n\n${more}`, { grows: true });
    assert.deepEqual(blocksOf(into).map((node, index) => node === [first, second][index]), [true, true], text);
    assert.equal(html(`one\n\n${more}`), blocksOf(into).map((node) => node.html).join(""));
  }
});

test("a long block continues in blocks of the same type without losing text", () => {
  const words = "word ".repeat(20);
  for (const [line, first, kind] of [
    [`${words}\n`, "", "p"],
    [`${words}`, "", "p"],
    [`x`, "", "p"],
    [`- ${words}\n`, "", "ul"],
    [`1. ${words}\n`, "", "ol"],
    [`> ${words}\n`, "", "blockquote"],
    [`> ${words}`, "", "blockquote"],
    [`|${words}|\n`, "|a|\n|-|\n", "div"],
    [`${words}\n`, "```\n", "div"],
    [`${words}`, "```\n", "div"],
  ]) {
    const into = document.createElement("div");
    const text = first + line.repeat(60_000 / line.length);
    show(into, text);
    const blocks = blocksOf(into);
    assert.ok(blocks.length > 3, line);
    assert.deepEqual(blocks.filter(({ name }) => name !== kind), [], line);
    assert.ok(blocks.slice(1).every(({ className }) => /continued/.test(className)), line);
    assert.ok(blocks.every(({ textContent }) => textContent.length < 25_000));
    const letters = (text) => text.replace(/[^wordx]/g, "").length;
    const button = first.startsWith("`") ? letters("textCopy") : 0;
    assert.equal(letters(into.textContent) - button, letters(text), line);
  }
});

test("the text of code is preserved exactly, whatever the length of its lines", () => {
  for (const line of ["x".repeat(100), "word ".repeat(2_000), "y".repeat(9_000), "", "  z"]) {
    const code = `${line}\n`.repeat(Math.min(4_000, 60_000 / (line.length + 1)));
    const into = document.createElement("div");
    show(into, `\`\`\`\n${code}\`\`\`\nend`);
    const pres = into.all.filter(({ name }) => name === "pre");
    assert.ok(pres.length > 0);
    assert.equal(pres.map(({ textContent }) => textContent).join("").trimEnd(), code.trimEnd(), line.slice(0, 9));
  }
});

test("a continued list continues its numbers", () => {
  const into = document.createElement("div");
  show(into, Array.from({ length: 2_000 }, () => "1. an item of it\n").join(""));
  const lists = blocksOf(into);
  const next = lists.reduce((number, list) => {
    assert.equal(list.start ?? 1, number);
    return number + list.childNodes.length;
  }, 1);
  assert.equal(next, 2_001);
});

test("address allows only safe protocols", () => {
  assert.equal(address("https://a.b/ c"), "https://a.b/%20c");
  assert.equal(address(" java\nscript:alert(1)"), null);
  assert.equal(address("HTTP://A.B"), "http://a.b/");
  assert.equal(address("file:///etc/passwd"), null);
  assert.equal(address("blob:https://a.b/c"), null);
});
