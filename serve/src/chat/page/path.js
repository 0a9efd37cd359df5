// The path through the graph beside the chat: a map of the nodes, and the steps of the last run.

import { layout } from "./layout.js";
import { steps } from "./store.js";

const WIDTH = 264;
const SVG = "http://www.w3.org/2000/svg";

/** How a step that is over went, in words for who does not see the mark. */
const WENT = { running: "running", committed: "done", failed: "failed", cut: "not finished" };

export const spoken = (name) => name.replaceAll("_", " ");

export class Path {
  #boxes = new Map();
  #lines = [];
  #rows = [];

  constructor({ map, trail, none, where, open }) {
    Object.assign(this, { map, trail, none, where, open });
  }

  /** Draws the map of `GET /graph`. */
  draw(graph) {
    const { boxes, lines, height } = layout(graph, WIDTH);
    const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img" });
    svg.append(make("title", {}, `The nodes of ${graph.name}: ${graph.nodes.map(({ name }) => spoken(name)).join(", ")}`));
    this.#lines = lines.map(({ from, to, path, kind, label }) => {
      const line = make("path", { d: path, class: `way ${kind}` });
      if (label) line.append(make("title", {}, label));
      svg.append(line);
      return { from, to, line };
    });
    for (const { name, action, docs, streams } of graph.nodes) {
      const box = boxes.get(name);
      const node = make("g", { class: streams ? "node streams" : "node" });
      node.append(make("title", {}, docs ? `${name}: ${docs}` : `${name} (${action})`));
      node.append(make("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: box.height / 2 }));
      const text = make("text", { x: box.x + box.width / 2, y: box.y + box.height / 2 }, fitting(spoken(name), box));
      node.append(text);
      svg.append(node);
      this.#boxes.set(name, node);
    }
    this.map.replaceChildren(svg);
  }

  /** Shows where the session is, and which way its last run took. */
  show(model) {
    const { live } = model;
    const trail = steps(model);
    const now = live.running ? live.node : undefined;
    const been = new Map(trail.map((step) => [step.node, step.is]));
    for (const [name, box] of this.#boxes) {
      mark(box, "been", been.has(name));
      mark(box, "failed", been.get(name) === "failed");
      mark(box, "now", name === now);
      mark(box, "next", !live.running && live.position.at !== "ended" && name === live.position.node);
    }
    const taken = new Set(trail.slice(1).map((step, index) => `${trail[index].node} ${step.node}`));
    for (const { from, to, line } of this.#lines) mark(line, "taken", taken.has(`${from} ${to}`));
    this.#steps(trail);
    this.where.textContent = now ? spoken(now) : "path";
    mark(this.open, "running", live.running);
  }

  #steps(trail) {
    const document = this.trail.ownerDocument;
    while (this.#rows.length > trail.length) this.#rows.pop().row.remove();
    trail.forEach((step, index) => {
      const known = this.#rows[index];
      if (known?.is === step.is && known.name === step.node && known.until === step.until) return;
      const row = known?.row ?? this.trail.appendChild(document.createElement("li"));
      row.className = step.is;
      if (step.is === "running") row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
      const parts = [["name", spoken(step.node)], ["time", lasted(step)], ["unseen", `, ${WENT[step.is]}`]];
      row.replaceChildren(
        ...parts.map(([name, text]) => {
          const part = document.createElement("span");
          part.className = name;
          part.textContent = text;
          return part;
        }),
      );
      this.#rows[index] = { row, name: step.node, is: step.is, until: step.until };
    });
    this.none.hidden = trail.length > 0;
  }
}

function lasted({ since, until }) {
  if (since === undefined || until === undefined) return "";
  const milliseconds = Math.max(0, until - since);
  if (milliseconds < 1) return "< 1 ms";
  return milliseconds < 100 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function fitting(text, { width }) {
  const most = Math.max(3, Math.floor((width - 14) / 6.7));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function mark(element, name, on) {
  element.classList.toggle(name, on);
}

function make(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
