import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chatbot } from "./chatbot.js";
import { prepare, validOpenApi } from "./clients/python.js";
import { interop } from "./interop.js";

const real = fileURLToPath(new URL("../build/test/real.test.js", import.meta.url));

test("a real server", async (t) => {
  const { base } = await chatbot(t);

  await t.test("passes the tests of the fake server", async () => {
    const env = { ...process.env, BURDOCK: base };
    delete env.NODE_TEST_CONTEXT; // otherwise the child would report to this process
    const check = promisify(execFile)(process.execPath, ["--test", real], { env });
    await check.catch(({ stdout }) => assert.fail(stdout));
  });

  await t.test("serves a valid OpenAPI document", async () => {
    await prepare();
    const response = await fetch(`${base}/openapi.json`);
    await validOpenApi(await response.text());
  });

  await t.test("can be followed by third-party clients without a gap or a repeat", async (t) => {
    const inputs = { prompt: "Tell me something that takes a while." };
    const rows = await interop(t, base, { inputs, cuts: [80, 333, 777, 1201] });
    for (const { client, events, connections, missing, extra, same } of rows) {
      assert(connections.length > 4, `${client} reconnected`);
      assert(same, `${client}: ${missing} of ${events} missing, ${extra} extra`);
    }
  });
});
