import assert from "node:assert/strict";
import { test } from "node:test";
import { SseParser, type SseEvent, type SsePart } from "../src/sse.ts";
import { below, pick, random } from "./random.ts";

const encoder = new TextEncoder();

function parse(...chunks: (string | Uint8Array)[]): SsePart[] {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => {
    return parser.push(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  });
}

function events(...chunks: (string | Uint8Array)[]): SseEvent[] {
  return parse(...chunks).flatMap((part) => (part.kind === "event" ? [part.event] : []));
}

const message = (data: string, id = "") => ({ id, event: "message", data });

const CASES: [what: string, stream: string, expected: SseEvent[]][] = [
  ["single event", "data: a\n\n", [message("a")]],
  ["event without a blank line is not returned", "data: a\n", []],
  ["CR line endings", "id: 1\rdata: a\r\rdata: b\r\r", [message("a", "1"), message("b", "1")]],
  ["CRLF line endings", "data: a\r\n\r\ndata: b\r\n\r\n", [message("a"), message("b")]],
  ["mixed line endings", "data: a\r\ndata: b\n\rdata: c\n\n", [message("a\nb"), message("c")]],
  ["one leading space is removed", "data:  a\n\n", [message(" a")]],
  ["space is optional", "data:a\n\n", [message("a")]],
  ["data without a colon is an empty line", "data\ndata\n\n", [message("\n")]],
  ["empty data is an event", "data:\n\n", [message("")]],
  ["block without data is not an event", "id: 1\nevent: x\n\ndata: a\n\n", [message("a", "1")]],
  ["byte-order mark is removed", "\uFEFFdata: a\n\n", [message("a")]],
  ["second byte-order mark is kept", "\uFEFF\uFEFFdata: a\n\n", []],
  ["byte-order mark in the middle is kept", "data: \uFEFFa\n\n", [message("\uFEFFa")]],
  ["comments are not data", ": keep-alive\ndata: a\n:\n\n", [message("a")]],
  ["unknown fields are ignored", "foo: bar\ndata: a\n\n", [message("a")]],
  ["fields are case sensitive", "Data: b\ndata: a\n\n", [message("a")]],
  ["id persists across events", "id: 1\ndata: a\n\ndata: b\n\n", [message("a", "1"), message("b", "1")]],
  ["empty id resets the id", "id: 1\ndata: a\n\nid\ndata: b\n\n", [message("a", "1"), message("b")]],
  ["id with NUL is ignored", "id: 1\nid: 2\0\ndata: a\n\n", [message("a", "1")]],
  ["event field is returned", "event: x\ndata: a\n\n", [{ id: "", event: "x", data: "a" }]],
  ["event field applies to one event", "event: x\n\ndata: a\n\n", [message("a")]],
  ["Unicode line separators do not end a line", "data: a\u2028b\u0085c\n\n", [message("a\u2028b\u0085c")]],
];

for (const [what, stream, expected] of CASES) {
  test(`stream: ${what}`, () => {
    assert.deepEqual(events(stream), expected);
    const bytes = encoder.encode(stream);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.deepEqual(events(bytes.subarray(0, cut), bytes.subarray(cut)), expected, `cut at ${cut}`);
    }
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    assert.deepEqual(events(...single), expected, "byte by byte");
  });
}

test("retry is returned if it is a number", () => {
  assert.deepEqual(parse("retry: 10\nretry: 1.5\nretry: -1\nretry:\nretry: 0\n"), [
    { kind: "retry", delay: 10 },
    { kind: "retry", delay: 0 },
  ]);
});

test("a keep-alive comment is returned immediately", () => {
  assert.deepEqual(parse(": keep-alive\n"), [{ kind: "comment", text: " keep-alive" }]);
});

test("a CR ends an event immediately, and a following LF is skipped", () => {
  const parser = new SseParser();
  assert.equal(parser.push(encoder.encode("data: a\r\n\r")).length, 1);
  assert.equal(parser.push(encoder.encode("\ndata: b")).length, 0);
  assert.equal(parser.push(encoder.encode("\n\n")).length, 1);
});

test("multi-byte characters may be split across chunks", () => {
  const bytes = encoder.encode("id: é\ndata: 語🌱ü\n\n");
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const seen = events(bytes.subarray(0, cut), bytes.subarray(cut));
    assert.deepEqual(seen, [message("語🌱ü", "é")]);
  }
});

test("invalid UTF-8 becomes replacement characters", () => {
  assert.deepEqual(events("data: ", Uint8Array.of(0xff, 0xc3), "\n\n"), [message("\uFFFD\uFFFD")]);
});

test("random streams in random chunks match a reference parser", () => {
  const next = random(4);
  for (let round = 0; round < 3000; round += 1) {
    const stream = noise(next);
    const bytes = encoder.encode(stream);
    const chunks: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; ) {
      const size = next() < 0.5 ? 1 + below(next, 3) : 1 + below(next, 20);
      chunks.push(bytes.subarray(start, (start += size)));
    }
    if (next() < 0.3) chunks.splice(below(next, chunks.length + 1), 0, new Uint8Array());
    assert.deepEqual(events(...chunks), reference(stream), JSON.stringify(stream));
  }
});

const PIECES = ["data", "id", "event", "retry", ":", ": ", " ", "\n", "\n", "\n\n", "\r", "\r\n"];
const TEXTS = ["a", "12", "語", "🌱", "\0", "\uFEFF", '{"x":1}', "\u2028"];

function noise(next: () => number): string {
  let stream = next() < 0.2 ? "\uFEFF" : "";
  for (let length = below(next, 60); length > 0; length -= 1) {
    stream += pick(next, next() < 0.75 ? PIECES : TEXTS);
  }
  return stream;
}

/** A reference implementation of the standard, for a complete stream. */
function reference(stream: string): SseEvent[] {
  const text = stream.startsWith("\uFEFF") ? stream.slice(1) : stream;
  const lines = text.split(/\r\n|\n|\r/);
  lines.pop(); // not terminated
  const seen: SseEvent[] = [];
  let [data, event, id] = ["", "", ""];
  for (const line of lines) {
    if (line === "") {
      if (data !== "") seen.push({ id, event: event || "message", data: data.slice(0, -1) });
      [data, event] = ["", ""];
      continue;
    }
    const [, name, value = ""] = /^([^:]*)(?:: ?([^]*))?$/.exec(line)!;
    if (name === "data") data += `${value}\n`;
    if (name === "event") event = value;
    if (name === "id" && !value.includes("\0")) id = value;
  }
  return seen;
}
