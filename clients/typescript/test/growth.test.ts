import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Burdock, ChangeError, Grown, RunFailedError, RunStore, changeOf, type Change } from "../src/index.ts";
import { collect, serve, until } from "./serve.ts";

interface StoryPartial {
  title?: string;
  words?: string[];
}

type Item = Change<StoryPartial> | { note: string };

interface Studio {
  inputs: { prompt: string; items: Item[]; retry?: boolean; fail?: boolean };
  item: Item;
  state: object;
  node: "answer";
}

const ITEMS: Item[] = [
  { path: [], set: {} },
  { note: "the title comes" },
  { path: ["title"], set: "" },
  { path: ["title"], append: "Once" },
  { path: ["words"], set: [] },
  { path: ["words"], push: "a" },
  { path: ["words", 0], append: "b" },
  { path: [], complete: true },
];
const WHOLE: StoryPartial = { title: "Once", words: ["ab"] };
const INPUTS = { prompt: "", items: ITEMS };

async function studio(t: TestContext) {
  const { server, url } = await serve(t);
  return { server, session: new Burdock<Studio>(url).session("a") };
}

test("grown() yields the growing value", async (t) => {
  const { session } = await studio(t);
  const titles: (string | undefined)[] = [];
  let last: { value: StoryPartial | undefined; complete: boolean } | undefined;
  for await (const { value, complete } of session.run(INPUTS).grown()) {
    titles.push(value?.title);
    last = { value, complete };
  }
  assert.deepEqual(titles, [undefined, "", "Once", "Once", "Once", "Once", "Once"]);
  assert.deepEqual(last, { value: WHOLE, complete: true });
});

test("the value of a superseded attempt is discarded", async (t) => {
  const { session } = await studio(t);
  const texts: (string | undefined)[] = [];
  for await (const { value } of session.run({ ...INPUTS, retry: true }).grown()) texts.push(JSON.stringify(value));
  assert.deepEqual(texts.slice(2, 5), ['{"title":"Once"}', undefined, "{}"]);
  assert.equal(texts.at(-1), JSON.stringify(WHOLE));
});

test("retracting a value restores the previous one", async (t) => {
  const { session } = await studio(t);
  const one = (title: string): Item[] => [{ path: [], set: { title } }, { path: [], complete: true }];
  await session.run({ prompt: "", items: one("first") }).finished;
  await session.run({ prompt: "", items: one("second"), fail: true }).finished;
  const titles: [string | undefined, boolean][] = [];
  const reading = async () => {
    for await (const { value, complete } of session.events().grown()) titles.push([value?.title, complete]);
  };
  await assert.rejects(reading(), RunFailedError);
  assert.deepEqual(titles, [["first", false], ["first", true], ["second", false], ["first", true]]);
});

test("changes can be applied with Grown", async (t) => {
  const { session } = await studio(t);
  const story = new Grown<StoryPartial>();
  for await (const { items, item } of session.run({ ...INPUTS, retry: true }).items()) {
    if (item === undefined) story.reset();
    for (const change of item === undefined ? items : [item]) if ("path" in change) story.apply(change);
  }
  assert.deepEqual(story.value, WHOLE);
});

test("grown() takes a function that returns the change of an item", async (t) => {
  const { url } = await serve(t);
  const session = new Burdock(url).session("a");
  const items = ITEMS.map((change) => ({ story: change }));
  const pick = (item: unknown) => changeOf((item as { story: Change<StoryPartial> }).story);
  let value: StoryPartial | undefined;
  for await ({ value } of session.run({ prompt: "", items }).grown(pick));
  assert.deepEqual(value, WHOLE);
});

test("grown() throws in the middle of a value", async (t) => {
  const { session } = await studio(t);
  const run = session.run(INPUTS);
  for await (const event of run) if (event.type === "item" && "path" in event.item && event.item.path.length > 0) break;
  await assert.rejects(collect(run.reattach().grown()), ChangeError);
  const again = session.events({ from: await run.started, until: "run" });
  let value: StoryPartial | undefined;
  for await ({ value } of again.grown());
  assert.deepEqual(value, WHOLE);
});

test("a run store shows the growing value", async (t) => {
  const { session } = await studio(t);
  const store = new RunStore(session, { grow: changeOf });
  t.after(store.subscribe(() => undefined));
  store.start({ ...INPUTS, fail: true });
  const failed = await until(store, ({ status }) => status === "finished");
  assert(failed.error instanceof RunFailedError);
  assert.equal(failed.value, undefined);
  store.resume();
  const view = await until(store, ({ status }) => status === "finished");
  assert.deepEqual(view.value satisfies StoryPartial | undefined, WHOLE);
  assert.equal(view.complete, true);
  store.start({ prompt: "", items: [{ path: [], set: {} }, { path: ["title"], append: "x" }] });
  assert.equal(store.snapshot().value, undefined);
  const { error } = await until(store, ({ status }) => status === "finished");
  assert(error instanceof ChangeError);
});
