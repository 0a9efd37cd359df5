import assert from "node:assert/strict";
import { test } from "node:test";
import { Burdock, applyPatches, type Integer } from "../src/index.ts";
import { collect } from "./serve.ts";

interface Order {
  id: Integer;
  delta: Integer;
  byId: Record<string, Integer[]>;
  text: string;
  weight: number;
}

interface Orders {
  inputs: { ids: (Integer | bigint)[] };
  item: Order;
  state: { last: Order; ids: Integer[] };
  node: "keep";
}

/** Orders as serialized by `serve`; a test of `serve/src/json/write.rs` uses the same numbers. */
const SENT = [
  '{"id":9007199254740991,"delta":-9007199254740991,"byId":{"9007199254740991":[9007199254740991,1]},"text":"9007199254740991","weight":1e+300}',
  '{"id":"9007199254740992","delta":"-9007199254740992","byId":{"9007199254740992":["9007199254740992",1]},"text":"9007199254740992","weight":1e+300}',
  '{"id":"18446744073709551615","delta":"-9223372036854775808","byId":{"18446744073709551615":["18446744073709551615",1]},"text":"18446744073709551615","weight":1e+300}',
];

const EXACT = [
  [2n ** 53n - 1n, 1n - 2n ** 53n],
  [2n ** 53n, -(2n ** 53n)],
  [2n ** 64n - 1n, -(2n ** 63n)],
] as const;

/** Returns a session of a stub server, and the bodies of its requests. */
function stubbed(respond: (method: string, path: string) => Response) {
  const bodies: string[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    if (typeof init?.body === "string") bodies.push(init.body);
    return respond(init?.method ?? "GET", String(input));
  };
  return { session: new Burdock<Orders>("http://burdock.invalid", { fetch }).session("a"), bodies };
}

function check(order: Order, [id, delta]: readonly [bigint, bigint]) {
  assert.equal(BigInt(order.id), id);
  assert.equal(BigInt(order.delta), delta);
  assert.deepEqual(Object.entries(order.byId).map(([key, [value]]) => [BigInt(key), BigInt(value!)]), [[id, id]]);
  assert.equal(order.text, String(id));
  assert.equal(order.weight, 1e300);
}

test("64-bit integers are exact in items, patches and public fields", async () => {
  for (const [index, sent] of SENT.entries()) {
    const id = /"id":("?[0-9]+"?)/.exec(sent)![1]!;
    const events = [
      '{"type":"run_started","run":1,"node":"keep","at":1}',
      `{"type":"item","step":0,"node":"keep","attempt":1,"item":${sent},"at":1}`,
      `{"type":"step_committed","step":0,"node":"keep","attempt":1,"next":{"pause":"keep"},"patches":{"last":{"set":${sent}},"ids":{"append":{"keep":0,"tail":[${id}]}}},"at":1}`,
      '{"type":"run_paused","node":"keep","at":1}',
    ];
    const stream = events.map((event, offset) => `data: ${event}\nid: 1.${offset + 1}\n\n`).join("");
    const info = `{"session":"a","cursor":"1.4","position":{"at":"rest","node":"keep"},"step":1,"run":1,"running":false,"created":1,"updated":1,"state":{"last":${sent},"ids":[${id}]}}`;
    const { session } = stubbed((method) =>
      method === "POST"
        ? new Response(stream, { headers: { "content-type": "text/event-stream", "burdock-cursor": "1.0" } })
        : new Response(info, { headers: { "content-type": "application/json" } }),
    );
    let state: Orders["state"] | undefined;
    for (const event of await collect(session.run({ ids: [] }))) {
      if (event.type === "item") check(event.item, EXACT[index]!);
      if (event.type === "step_committed") state = applyPatches({} as Orders["state"], event.patches);
    }
    check(state!.last, EXACT[index]!);
    assert.deepEqual(state!.ids.map(BigInt), [EXACT[index]![0]]);
    const now = await session.get();
    assert.deepEqual(now.state, state);
  }
});

test("64-bit integers are sent as numbers, strings or bigints", async () => {
  const accepted = '{"session":"a","cursor":"1.0"}';
  const { session, bodies } = stubbed(() => new Response(accepted, { status: 202 }));
  await session.start({ ids: [9007199254740991, "9007199254740992", 2n ** 53n - 1n, 2n ** 64n - 1n, -(2n ** 63n)] });
  assert.deepEqual(bodies, [
    '{"ids":[9007199254740991,"9007199254740992",9007199254740991,"18446744073709551615","-9223372036854775808"]}',
  ]);
});
