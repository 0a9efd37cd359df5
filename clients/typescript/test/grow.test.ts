import assert from "node:assert/strict";
import { test } from "node:test";
import { BurdockError, ChangeError, Grown, changeOf, grow, type Change } from "../src/index.ts";
import { below, pick, random } from "./random.ts";

interface StoryPartial {
  title?: string;
  chapters?: { title?: string; pages?: number }[];
  review?: { state: "growing" | "complete"; value?: string };
}

/** Changes of a story as emitted by a parser. */
const STORY: Change<StoryPartial>[] = [
  { path: [], set: {} },
  { path: ["title"], set: "" },
  { path: ["title"], append: "Once" },
  { path: ["chapters"], set: [] },
  { path: ["chapters"], push: {} },
  { path: ["chapters", 0, "title"], set: "O" },
  { path: ["chapters", 0, "title"], append: "ne" },
  { path: ["chapters", 0, "pages"], set: 12 },
  { path: ["chapters"], push: { title: "Two" } },
  { path: ["chapters", 1, "title"], append: "!" },
  { path: ["review"], set: { state: "growing", value: "" } },
  { path: ["review", "value"], append: "Good" },
  { path: ["review"], complete: true },
  { path: [], complete: true },
];

const WHOLE: StoryPartial = {
  title: "Once",
  chapters: [{ title: "One", pages: 12 }, { title: "Two!" }],
  review: { state: "complete", value: "Good" },
};

test("changes build a value", () => {
  const story = new Grown<StoryPartial>();
  assert.equal(story.value, undefined);
  for (const change of STORY) {
    assert.equal(story.complete, false);
    story.apply(change);
  }
  assert.equal(story.complete, true);
  assert.deepEqual(story.value, WHOLE);
  assert.deepEqual(STORY.reduce<StoryPartial | undefined>(grow, undefined), WHOLE);
});

test("a value can be built again after a reset", () => {
  const story = new Grown<StoryPartial>();
  for (const change of STORY) story.apply(change);
  story.reset();
  assert.equal(story.value, undefined);
  assert.equal(story.complete, false);
  for (const change of STORY) story.apply(change);
  assert.deepEqual(story.value, WHOLE);
});

test("setting the root again starts a new value", () => {
  const story = new Grown<StoryPartial>();
  for (const change of STORY) story.apply(change);
  story.apply({ path: [], set: {} });
  assert.deepEqual(story.value, {});
  assert.equal(story.complete, false);
});

test("a root may be a string, a list or null", () => {
  const text = new Grown<string>();
  text.apply({ path: [], set: "" });
  text.apply({ path: [], append: "On" });
  text.apply({ path: [], append: "ce" });
  assert.equal(text.value, "Once");
  const list = new Grown<string[]>();
  list.apply({ path: [], set: [] });
  list.apply({ path: [], push: "a" });
  list.apply({ path: [], push: "b" });
  list.apply({ path: [0], set: "c" });
  assert.deepEqual(list.value, ["c", "b"]);
  const none = new Grown<string | null>();
  none.apply({ path: [], set: null });
  none.apply({ path: [], complete: true });
  assert.equal(none.value, null);
  assert.equal(none.complete, true);
});

test("unchanged parts are shared, and values already read are not modified", () => {
  const story = new Grown<StoryPartial>();
  const read: { value: StoryPartial | undefined; text: string | undefined }[] = [];
  for (const change of STORY) {
    const before = story.value;
    story.apply(change);
    const after = story.value;
    read.push({ value: after, text: JSON.stringify(after) });
    if (change.path.length > 0) assert.notEqual(after, before);
    if (change.path[0] !== "chapters") assert.equal(after?.chapters, before?.chapters);
    else if (change.path[1] !== 0) assert.equal(after?.chapters?.[0], before?.chapters?.[0] ?? after?.chapters?.[0]);
  }
  for (const { value, text } of read) assert.equal(JSON.stringify(value), text);
});

test("a value not read between changes is modified in place", () => {
  const story = new Grown<{ words: string[] }>();
  story.apply({ path: [], set: { words: [] } });
  const pushes = 200_000;
  const start = performance.now();
  for (let index = 0; index < pushes; index += 1) {
    story.apply({ path: ["words"], push: "" });
    story.apply({ path: ["words", index], append: "word" });
  }
  // a copy for each change would be 4 * 10^10 elements: a minute at least
  assert(performance.now() - start < 10_000);
  assert.equal(story.value?.words.length, pushes);
  const { value } = story;
  assert.equal(story.value, value);
});

test("a change is not modified, and can be applied again", () => {
  const changes: Change[] = [
    { path: [], set: { list: [{}] } },
    { path: ["list", 0, "text"], set: "a" },
    { path: ["list", 0, "text"], append: "b" },
    { path: ["list"], push: {} },
    { path: ["list", 1, "more"], set: [] },
    { path: ["list", 1, "more"], push: 1 },
  ];
  const text = JSON.stringify(changes);
  for (let round = 0; round < 2; round += 1) {
    const grown = new Grown();
    for (const change of changes) grown.apply(change);
    assert.deepEqual(grown.value, { list: [{ text: "ab" }, { more: [1] }] });
    assert.equal(JSON.stringify(changes), text);
  }
});

/** Changes that do not fit the story, and why. */
const MISFITS: [unknown, string][] = [
  [{ path: ["subtitle"], append: "x" }, "at `subtitle`: there is no value at `subtitle`"],
  [{ path: ["chapters", 2, "title"], set: "x" }, "at `chapters[2].title`: there is no value at `chapters[2]`"],
  [{ path: ["chapters", 2], set: {} }, "at `chapters[2]`: there is no value at `chapters[2]`"],
  [{ path: ["chapters", -1], set: {} }, "at `chapters[-1]`: there is no value at `chapters[-1]`"],
  [{ path: ["chapters", 0.5], set: {} }, "at `chapters[0.5]`: there is no value at `chapters[0.5]`"],
  [{ path: ["chapters", "0", "title"], set: "" }, "at `chapters.0.title`: there is no value at `chapters.0`"],
  [{ path: ["chapters", "length"], set: 0 }, "at `chapters.length`: expected an object around it, found a list"],
  [{ path: [0], set: 0 }, "at `[0]`: expected a list around it, found an object"],
  [{ path: [null], set: 0 }, "at `null`: expected a list around it, found an object"],
  [{ path: ["title", "x"], set: 0 }, "at `title.x`: expected an object around it, found a string"],
  [{ path: ["title", "length"], append: "x" }, "at `title.length`: there is no value at `title.length`"],
  [{ path: ["chapters"], append: "x" }, "at `chapters`: expected a string, found a list"],
  [{ path: ["title"], append: 1 }, "at `title`: expected text to append, found a number"],
  [{ path: ["title"], push: "x" }, "at `title`: expected a list, found a string"],
  [{ path: [], push: "x" }, "at the root: expected a list, found an object"],
  [{ path: ["title"], complete: true }, "at `title`: expected an object with a `state`, found a string"],
  [{ path: ["review"], complete: false }, "at `review`: expected `complete` to be `true`, found a boolean"],
  [{ path: ["toString"], append: "x" }, "at `toString`: there is no value at `toString`"],
  [{ path: ["__proto__", "polluted"], set: 1 }, "at `__proto__.polluted`: there is no value at `__proto__`"],
  [{ path: ["constructor", "prototype", "polluted"], set: 1 }, "at `constructor.prototype.polluted`: there is no value at `constructor`"],
  [{ path: ["title"] }, "at `title`: invalid change: expected exactly one of `set`, `append`, `push` and `complete`"],
  [{ path: ["title"], set: "", append: "" }, "at `title`: invalid change: expected exactly one of `set`, `append`, `push` and `complete`"],
  [{ set: 1 }, "at the root: invalid change: expected a `path`"],
];

test("a change that does not fit is rejected, and the value is unchanged", () => {
  for (const [change, message] of MISFITS) {
    const story = new Grown<StoryPartial>();
    for (const one of STORY.slice(0, -2)) story.apply(one);
    const before = story.value;
    const text = JSON.stringify(before);
    const rejected = (error: unknown) => {
      assert(error instanceof ChangeError && error instanceof BurdockError);
      assert.equal(error.message, `change does not fit ${message}`);
      assert.equal(error.code, "change");
      assert.deepEqual(error.path, (change as { path?: unknown }).path ?? []);
      return true;
    };
    assert.throws(() => story.apply(change as Change<StoryPartial>), rejected);
    assert.throws(() => grow(before, change as Change<StoryPartial>), rejected);
    assert.equal(story.value, before);
    assert.equal(JSON.stringify(before), text);
    story.apply({ path: ["title"], append: " and again" });
    assert.equal(story.value?.title, "Once and again");
  }
});

test("the first change has to set the root", () => {
  const missing = /^change does not fit at the root: expected a string, found nothing$/;
  assert.throws(() => new Grown<string>().apply({ path: [], append: "x" }), { message: missing });
  assert.throws(() => new Grown<string>().apply({ path: [], complete: true }), ChangeError);
  assert.throws(() => new Grown().apply({ path: ["a"], set: 1 }), ChangeError);
});

test("paths cannot reach a prototype", () => {
  const keys = ["__proto__", "constructor", "prototype", "hasOwnProperty", "length", "a"];
  const next = random(7);
  const edits = (): object => pick(next, [{ set: { polluted: 1 } }, { push: 1 }, { append: "x" }, { complete: true }]);
  const grown = new Grown();
  grown.apply({ path: [], set: JSON.parse('{"__proto__": {"a": {}}, "a": [], "constructor": {}}') });
  let fitting = 0;
  for (let round = 0; round < 2000; round += 1) {
    const path = Array.from({ length: 1 + below(next, 4) }, () => pick<string | number>(next, [...keys, 0]));
    try {
      grown.apply({ path, ...edits() } as unknown as Change);
      fitting += 1;
    } catch (error) {
      assert(error instanceof ChangeError);
    }
    if (round % 3 === 0) assert.equal(Object.getPrototypeOf(grown.value), Object.prototype);
  }
  assert(fitting > 100);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
  assert.equal(([] as { polluted?: number }).polluted, undefined);
  const own = new Grown<Record<string, unknown>>();
  own.apply({ path: [], set: {} });
  own.apply({ path: ["__proto__"], set: { polluted: 1 } });
  own.apply({ path: ["__proto__", "polluted"], set: 2 });
  assert.equal(own.value?.["polluted"], undefined);
  assert.equal(JSON.stringify(own.value), '{"__proto__":{"polluted":2}}');
});

test("changeOf finds changes among other items", () => {
  assert.equal(changeOf("x"), undefined);
  assert.equal(changeOf(null), undefined);
  assert.equal(changeOf({ path: "x", set: 1 }), undefined);
  const change = { path: [], set: 1 };
  assert.equal(changeOf(change), change);
});
