// The panel with the path through the graph: a map of the nodes, and the steps of the last run.

import { layout } from "./layout.js";
import { steps } from "./store.js";
import { readable } from "./words.js";

const WIDTH = 264;
const SVG = "http://www.w3.org/2000/svg";

/** Labels of the status of a step for screen readers, in place of the mark. */
const STATUS_LABELS = { running: "running", committed: "done", failed: "failed", unfinished: "not finished" };

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
    const svg = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img" });
    svg.append(svgElement("title", {}, `Nodes of ${graph.name}: ${graph.nodes.map(({ name }) => readable(name)).join(", ")}`));
    this.#lines = lines.map(({ from, to, path, kind, label }) => {
      const line = svgElement("path", { d: path, class: `edge ${kind}` });
      if (label) line.append(svgElement("title", {}, label));
      svg.append(line);
      return { from, to, line };
    });
    for (const { name, action, docs, streams } of graph.nodes) {
      const box = boxes.get(name);
      const node = svgElement("g", { class: streams ? "node streams" : "node" });
      node.append(svgElement("title", {}, docs ? `${name}: ${docs}` : `${name} (${action})`));
      node.append(svgElement("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: box.height / 2 }));
      const text = svgElement("text", { x: box.x + box.width / 2, y: box.y + box.height / 2 }, truncated(readable(name), box));
      node.append(text);
      svg.append(node);
      this.#boxes.set(name, node);
    }
    this.map.replaceChildren(svg);
  }

  /** Shows the position of the session and the path of its last run. */
  show(model) {
    const { live } = model;
    const trail = steps(model);
    const active = live.running ? live.node : undefined;
    const visited = new Map(trail.map((step) => [step.node, step.status]));
    for (const [name, box] of this.#boxes) {
      toggle(box, "visited", visited.has(name));
      toggle(box, "failed", visited.get(name) === "failed");
      toggle(box, "active", name === active);
      toggle(box, "next", !live.running && live.position.at !== "ended" && name === live.position.node);
    }
    const taken = new Set(trail.slice(1).map((step, index) => `${trail[index].node} ${step.node}`));
    for (const { from, to, line } of this.#lines) toggle(line, "taken", taken.has(`${from} ${to}`));
    this.#steps(trail);
    this.where.textContent = active ? readable(active) : "path";
    toggle(this.open, "running", live.running);
  }

  #steps(trail) {
    const document = this.trail.ownerDocument;
    while (this.#rows.length > trail.length) this.#rows.pop().row.remove();
    trail.forEach((step, index) => {
      const known = this.#rows[index];
      if (known?.status === step.status && known.name === step.node && known.until === step.until) return;
      const row = known?.row ?? this.trail.appendChild(document.createElement("li"));
      row.className = step.status;
      if (step.status === "running") row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
      const parts = [["name", readable(step.node)], ["time", duration(step)], ["visually-hidden", `, ${STATUS_LABELS[step.status]}`]];
      row.replaceChildren(
        ...parts.map(([name, text]) => {
          const part = document.createElement("span");
          part.className = name;
          part.textContent = text;
          return part;
        }),
      );
      this.#rows[index] = { row, name: step.node, status: step.status, until: step.until };
    });
    this.none.hidden = trail.length > 0;
  }
}

function duration({ since, until }) {
  if (since === undefined || until === undefined) return "";
  const milliseconds = Math.max(0, until - since);
  if (milliseconds < 1) return "< 1 ms";
  return milliseconds < 100 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function truncated(text, { width }) {
  const length = Math.max(3, Math.floor((width - 14) / 6.7));
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function toggle(element, name, on) {
  element.classList.toggle(name, on);
}

function svgElement(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
