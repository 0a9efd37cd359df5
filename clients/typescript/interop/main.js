// node main.js http://127.0.0.1:3000 ['{"prompt":"…"}'] [--cuts=100,700,1500]
import { parseArgs } from "node:util";
import { interop } from "./interop.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { cuts: { type: "string", default: "90,333,777,1201" } },
});
const [base, inputs = '{"prompt":"Tell me something that takes a while."}'] = positionals;
if (base === undefined) {
  console.error("usage: node main.js <base url> [inputs as JSON] [--cuts=bytes,bytes,…]");
  process.exit(2);
}

const after = [];
try {
  const options = { inputs: JSON.parse(inputs), cuts: values.cuts.split(",").map(Number) };
  const rows = await interop({ after: (close) => after.push(close) }, base.replace(/\/$/, ""), options);
  console.table(
    Object.fromEntries(
      rows.map(({ client, events, connections, missing, extra, same }) => {
        return [client, { events, connections: connections.length, missing, extra, same }];
      }),
    ),
  );
  process.exitCode = rows.every(({ same }) => same) ? 0 : 1;
} finally {
  for (const close of after.reverse()) await close();
}
