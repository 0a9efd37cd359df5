import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { Grown, type Change } from "../src/index.ts";
import type {
  Chapter,
  External,
  Extra,
  FlattenedPartial,
  Internal,
  InternalPartial,
  KeysPartial,
  ShapesPartial,
  Sizes,
  Story,
  StoryPartial,
  TreePartial,
  Untagged,
} from "./fixtures/forms.ts";

// The compiled test is in build/test.
const root = new URL("../../", import.meta.url);

test("generated types compile without this project's settings", async () => {
  const tsc = new URL("node_modules/typescript/bin/tsc", root).pathname;
  const forms = new URL("test/fixtures/forms.ts", root).pathname;
  const options = ["--strict", "--noEmit", "--ignoreConfig", "--module", "nodenext", "--target", "es2022"];
  const check = promisify(execFile)(process.execPath, [tsc, ...options, forms]);
  await check.catch((error: { stdout: string }) => assert.fail(error.stdout));
});

test("complete and partial values match the generated types", () => {
  const chapter: Chapter = { title: "One" };
  const story: Story = {
    title: "Once",
    genre: "science-fiction",
    chapters: [chapter],
    cover: { color: "red" },
    rating: 5,
    review: "",
    sequel: null,
  };
  // @ts-expect-error unknown genre
  story.genre = "crime";
  // @ts-expect-error a complete chapter has a title
  story.chapters = [{}];
  // @ts-expect-error a complete story has all properties
  ({ title: "Once" }) satisfies Story;

  ({}) satisfies StoryPartial;
  ({ sequel: { sequel: {} } }) satisfies StoryPartial;
  ({ review: { state: "growing" } }) satisfies StoryPartial;
  // @ts-expect-error the review has a state
  ({ review: "Good" }) satisfies StoryPartial;
  // @ts-expect-error the cover appears when it is complete
  ({ cover: {} }) satisfies StoryPartial;
  // @ts-expect-error a chapter appears with its title
  ({ chapters: [{}] }) satisfies StoryPartial;

  ({ children: [{ by_name: { a: { name: "b" } } }], parent: null }) satisfies TreePartial;
  ({ adjacent: { t: "Struct", c: {} }, external: { Tuple: [1] }, untagged: [] }) satisfies ShapesPartial;
  // @ts-expect-error a variant has its tag from the start
  ({ adjacent: { c: [] } }) satisfies ShapesPartial;
  ({ id: "x", kind: "page_range", "first-page": "1" }) satisfies FlattenedPartial;
  ({ type: "x", anything: [1], "with space": "", by_number: { 1: ["red"] } }) satisfies KeysPartial;
  ({ name: 1, another: "x" }) satisfies Extra;
  const nothing = { byte: 1, float: 0.5, int: 1, letter: "x", nothing: null, pair: [1, "x"] as [number, string] };
  ({ ...nothing, long: "9007199254740993", size: 1, triple: [1, 2, 3] }) satisfies Sizes;
  (["Unit", { Newtype: "x" }, { Struct: { name: "x", colors: [] } }]) satisfies External[];
  ([1, "x", { title: "x" }, [1, 2]]) satisfies Untagged[];
  assert.equal(story.chapters.length, 1);
});

test("the tag of a variant narrows its type", () => {
  const pages = (internal: Internal | InternalPartial): number | undefined => {
    switch (internal.kind) {
      case "nothing_yet":
        return 0;
      case "part":
        return internal.pages?.length;
      case "page_range":
        return internal.pageCount;
    }
  };
  assert.equal(pages({ kind: "page_range", pageCount: 3 }), 3);
  assert.equal(pages({ kind: "part", title: "" }), undefined);
});

test("changes apply to a value of a generated type", () => {
  const story = new Grown<StoryPartial>();
  const changes: Change<StoryPartial>[] = [
    { path: [], set: {} },
    { path: ["review"], set: { state: "growing", value: "Go" } },
    { path: ["review", "value"], append: "od" },
    { path: ["review"], complete: true },
  ];
  for (const change of changes) story.apply(change);
  const review: { state: "growing" | "complete"; value?: string } | undefined = story.value?.review;
  assert.deepEqual(review, { state: "complete", value: "Good" });
});
