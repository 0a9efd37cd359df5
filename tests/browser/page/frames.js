// Measurement of the longest task on the main thread of a page.
//
// The result has to be stable on a busy machine. So it is based on the CPU time of each task on the renderer's
// main thread, from Chromium's trace (`tdur`), and not on wall-clock time, which includes the time of other
// programs. A task includes the script, style, layout and paint of a frame. On a shared processor the same
// work also takes more CPU time (caches, clock rate): so a reference workload is measured too, and if it
// takes longer than `WORK`, the limit is raised in proportion. The best of three attempts counts.
//
// Garbage collection is excluded: Chromium decides when it runs, and on a busy machine it moves work from
// other threads to the main thread.

import assert from "node:assert/strict";

/** Maximum length of a task in milliseconds if the reference workload takes `WORK` milliseconds. */
const LIMIT = 50;
const WORK = 45;

const CATEGORIES = ["disabled-by-default-devtools.timeline", "devtools.timeline"];

/** Asserts that no task exceeds the limit; `attempt()` returns a page and the action to measure. */
export async function assertShortTasks(browser, attempt) {
  const found = [];
  for (let left = 3; left > 0; left -= 1) {
    const { page, act } = await attempt();
    const before = await work(browser, page);
    const { tasks, events } = await traced(browser, page, () => act(page));
    const limit = LIMIT * Math.max(1, Math.max(before, await work(browser, page)) / WORK);
    if (tasks[0].took <= limit) return;
    found.push(`${tasks[0].took.toFixed()} ms, more than ${limit.toFixed()} ms: ${parts(tasks[0], events)}`);
  }
  assert.fail(`a task took\n${found.join("\n")}`);
}

/** Measures the reference workload, which resembles that of a frame. */
async function work(browser, page) {
  const act = () =>
    page.evaluate(() => {
      const around = document.body.appendChild(document.createElement("div"));
      around.className = "visually-hidden";
      for (let index = 0; index < 600; index += 1) {
        const line = document.createElement("p");
        for (let word = 0; word < 6; word += 1) {
          const part = document.createElement(word % 2 ? "em" : "strong");
          part.textContent = `word ${index * word} `;
          line.append(part);
        }
        around.append(line);
      }
      const { height } = around.getBoundingClientRect();
      around.remove();
      return height;
    });
  const { tasks } = await traced(browser, page, act);
  return tasks[0].took;
}

/** Calls `act`; returns the tasks during it, longest first. */
async function traced(browser, page, act) {
  await browser.startTracing(page, { categories: CATEGORIES });
  let events;
  try {
    await act();
  } finally {
    events = JSON.parse(await browser.stopTracing()).traceEvents;
  }
  const named = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const isMain = new Set(named.map(({ pid, tid }) => `${pid} ${tid}`));
  const isTask = ({ name, pid, tid, tdur }) => name === "RunTask" && tdur !== undefined && isMain.has(`${pid} ${tid}`);
  const isGarbage = ({ name, tdur }) => tdur !== undefined && /^(MinorGC|MajorGC|V8.GC_MC_INCREMENTAL)$/.test(name);
  const garbage = events.filter(isGarbage);
  const tasks = events.filter(isTask).map((task) => {
    const own = garbage.filter((event) => isIn(event, task)).reduce((sum, { tdur }) => sum + tdur, 0);
    return { ...task, took: (task.tdur - own) / 1000 };
  });
  return { tasks: tasks.sort((one, other) => other.took - one.took), events };
}

const isIn = (event, { ts, dur, pid, tid }) => event.pid === pid && event.tid === tid && event.ts >= ts && event.ts <= ts + dur;

/** Describes the parts of a task. */
function parts(task, events) {
  const inside = events.filter((event) => event.name !== "RunTask" && event.tdur > 3000 && isIn(event, task));
  return inside.map(({ name, tdur, args }) => `${name} ${(tdur / 1000).toFixed()} ${args?.data?.functionName ?? ""}`).join(", ");
}
