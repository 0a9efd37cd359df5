// Layout of a graph: rows from top to bottom, with edges that lead downwards.

const HEIGHT = 30;
const GAP = { across: 10, down: 30 };
const CHARACTER = 6.7; // approximate width in the map's font
const PADDING = 22;

/** Computes the positions of the nodes and edges of `GET /graph` for a width. */
export function layout(graph, width) {
  const edges = graph.edges.filter((edge) => edge.to.kind === "node");
  const rows = rowsOf(graph, edges).flatMap((names) => split(names, width));
  const boxes = new Map();
  rows.forEach((names, row) => {
    const sizes = names.map((name) => widthOf(name, (width - GAP.across * (names.length - 1)) / names.length));
    const whole = sizes.reduce((sum, size) => sum + size, GAP.across * (names.length - 1));
    // below the nodes that lead here, within the width
    let x = Math.max(0, Math.min(width - whole, columnAbove(boxes, edges, names, width) - whole / 2));
    names.forEach((name, index) => {
      boxes.set(name, { x, y: 2 + row * (HEIGHT + GAP.down), width: sizes[index], height: HEIGHT, row });
      x += sizes[index] + GAP.across;
    });
  });
  const lines = edges.map((edge) => ({ ...edge, to: edge.to.node, path: curve(boxes, edge, width) }));
  return { boxes, lines, height: rows.length * (HEIGHT + GAP.down) - GAP.down + 4 };
}

function columnAbove(boxes, edges, names, width) {
  const from = new Set(edges.filter((edge) => names.includes(edge.to.node)).map((edge) => edge.from));
  const known = [...from].map((name) => boxes.get(name)).filter(Boolean);
  const mean = known.reduce((sum, box) => sum + box.x + box.width / 2, 0) / known.length;
  return known.length > 0 ? mean : width / 2;
}

const widthOf = (name, most) => Math.min(most, name.length * CHARACTER + PADDING);

/** Assigns nodes to rows by their longest path from the start, ignoring back edges. */
function rowsOf(graph, edges) {
  const after = new Map(graph.nodes.map(({ name }) => [name, []]));
  for (const { from, to } of edges) after.get(from)?.push(to.node);
  const order = [];
  const state = new Map();
  const visit = (start) => {
    const open = [[start, 0]];
    state.set(start, "open");
    while (open.length > 0) {
      const top = open.at(-1);
      const next = after.get(top[0])[top[1]];
      top[1] += 1;
      if (next === undefined) {
        state.set(top[0], "done");
        order.unshift(top[0]);
        open.pop();
      } else if (!state.has(next) && after.has(next)) {
        state.set(next, "open");
        open.push([next, 0]);
      }
    }
  };
  for (const name of [graph.start, ...after.keys()]) if (after.has(name) && !state.has(name)) visit(name);

  const rank = new Map(order.map((name, index) => [name, index]));
  const depth = new Map(order.map((name) => [name, 0]));
  for (const name of order) {
    for (const next of after.get(name)) {
      const forward = rank.get(next) > rank.get(name);
      if (forward) depth.set(next, Math.max(depth.get(next), depth.get(name) + 1));
    }
  }
  const rows = [];
  for (const { name } of graph.nodes) (rows[depth.get(name)] ??= []).push(name);
  return sorted(rows.filter(Boolean), edges);
}

/** Orders each row by the nodes above that lead to it, so that few edges cross. */
function sorted(rows, edges) {
  const at = new Map();
  for (const row of rows) {
    const wanted = new Map(
      row.map((name, index) => {
        const above = edges.filter((edge) => edge.to.node === name && at.has(edge.from)).map((edge) => at.get(edge.from));
        const mean = above.reduce((sum, x) => sum + x, 0) / above.length;
        return [name, above.length > 0 ? mean : (index + 0.5) / row.length];
      }),
    );
    row.sort((one, other) => wanted.get(one) - wanted.get(other));
    row.forEach((name, index) => at.set(name, (index + 0.5) / row.length));
  }
  return rows;
}

/** Splits a row that is too wide. */
function split(names, width) {
  const rows = [];
  let left = 0;
  for (const name of names) {
    const size = widthOf(name, width) + GAP.across;
    if (rows.length === 0 || size > left + GAP.across) {
      rows.push([]);
      left = width;
    }
    rows.at(-1).push(name);
    left -= size;
  }
  return rows;
}

function curve(boxes, { from, to }, width) {
  const [upper, lower] = [boxes.get(from), boxes.get(to.node)];
  if (!upper || !lower) return "";
  const [x, y] = [upper.x + upper.width / 2, upper.y + upper.height];
  const [u, v] = [lower.x + lower.width / 2, lower.y];
  const number = (value) => Math.round(value * 10) / 10;
  if (v > y) {
    const bend = (v - y) / 2;
    return `M${number(x)} ${y}C${number(x)} ${number(y + bend)} ${number(u)} ${number(v - bend)} ${number(u)} ${v}`;
  }
  // a back edge, around the nearer side
  const side = x > width / 2 ? width - 2 : 2;
  return `M${number(x)} ${y}C${number(side)} ${y + 24} ${number(side)} ${v - 24} ${number(u)} ${v}`;
}
