import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";
import { generator, ROUNDS } from "./random.js";

const { Backoff, Parser, read } = await page("stream");

const blocks = (text) => new Parser().push(text).map(({ id, data }) => [id, data]);

test("a block is an id and data", () => {
  assert.deepEqual(blocks('id: 1.4\ndata: {"a":1}\n\n'), [["1.4", '{"a":1}']]);
  assert.deepEqual(blocks("data: x\n\n"), [[undefined, "x"]]);
  assert.deepEqual(blocks("id: 1.4\ndata: a\n\ndata: b\n\n"), [["1.4", "a"], [undefined, "b"]]);
});

test("an empty id is an id", () => {
  assert.deepEqual(blocks("id:\ndata: x\n\n"), [["", "x"]]);
});

test("a keep-alive between blocks is nothing", () => {
  assert.deepEqual(blocks("data: a\n\n: keep-alive\ndata: b\n\n: keep-alive\n\n"), [[undefined, "a"], [undefined, "b"]]);
});

test("a block that is cut off is nothing", () => {
  assert.deepEqual(blocks("data: a\n\nid: 1.2\ndata: b\n"), [[undefined, "a"]]);
});

test("retry is a number of milliseconds", () => {
  assert.equal(new Parser().push("retry: 1000\ndata: x\n\n")[0].retry, 1000);
  assert.equal(new Parser().push("retry: soon\ndata: x\n\n")[0].retry, undefined);
});

test("wherever a stream is cut on its way, the same blocks come out", () => {
  const { below, pick } = generator(1);
  for (let round = 0; round < ROUNDS / 10; round += 1) {
    const end = pick(["\n", "\r\n", "\r"]);
    let text = "";
    for (let index = 0; index < 6; index += 1) {
      text += pick([`id: 1.${index}${end}data: {"n":${index}}${end}${end}`, `: keep-alive${end}`, `data: ä€😀${end}${end}`]);
    }
    const pieces = [];
    for (let at = 0; at < text.length; ) {
      const length = 1 + below(5);
      pieces.push(text.slice(at, at + length));
      at += length;
    }
    const parser = new Parser();
    assert.deepEqual(pieces.flatMap((piece) => parser.push(piece)), new Parser().push(text), JSON.stringify(text));
  }
});

test("characters that are cut between two chunks come out whole", async () => {
  const bytes = new TextEncoder().encode('data: {"text":"ä€😀"}\n\n');
  const body = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
      controller.close();
    },
  });
  const events = [];
  await read({ body }, (event) => events.push(event));
  assert.deepEqual(events, [{ text: "ä€😀" }]);
});

test("a stream that falls silent is given up", async () => {
  let controller;
  const body = new ReadableStream({ start: (own) => (controller = own) });
  const abort = () => controller.error(new Error("given up"));
  await assert.rejects(read({ body }, () => {}, { silence: 1, abort }), /given up/);
});

test("each attempt waits longer than the one before, up to a bound", () => {
  const backoff = new Backoff({ first: 100, most: 1000, random: () => 1 });
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => backoff.next()), [100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});
