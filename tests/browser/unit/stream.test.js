import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";
import { generator, ROUNDS } from "./random.js";

const { Backoff, Parser, read } = await page("stream");

const blocks = (text) => new Parser().push(text).map(({ id, data }) => [id, data]);

test("a block has an id and data", () => {
  assert.deepEqual(blocks('id: 1.4\ndata: {"a":1}\n\n'), [["1.4", '{"a":1}']]);
  assert.deepEqual(blocks("data: x\n\n"), [[undefined, "x"]]);
  assert.deepEqual(blocks("id: 1.4\ndata: a\n\ndata: b\n\n"), [["1.4", "a"], [undefined, "b"]]);
});

test("an empty id is returned", () => {
  assert.deepEqual(blocks("id:\ndata: x\n\n"), [["", "x"]]);
});

test("keep-alive comments are ignored", () => {
  assert.deepEqual(blocks("data: a\n\n: keep-alive\ndata: b\n\n: keep-alive\n\n"), [[undefined, "a"], [undefined, "b"]]);
});

test("an incomplete block is not returned", () => {
  assert.deepEqual(blocks("data: a\n\nid: 1.2\ndata: b\n"), [[undefined, "a"]]);
});

test("retry is a number of milliseconds", () => {
  assert.equal(new Parser().push("retry: 1000\ndata: x\n\n")[0].retry, 1000);
  assert.equal(new Parser().push("retry: soon\ndata: x\n\n")[0].retry, undefined);
});

test("the blocks do not depend on how the stream is split", () => {
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

test("characters split across chunks are decoded", async () => {
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

test("a stream is aborted after the idle timeout", async () => {
  let controller;
  const body = new ReadableStream({ start: (own) => (controller = own) });
  const abort = () => controller.error(new Error("aborted"));
  await assert.rejects(read({ body }, () => {}, { idleTimeout: 1, abort }), /aborted/);
});

test("the delay doubles with each attempt, up to a maximum", () => {
  const backoff = new Backoff({ first: 100, most: 1000, random: () => 1 });
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => backoff.next()), [100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});
