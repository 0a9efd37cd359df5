// Incremental drawing of long texts, so that the page stays responsive.

/** Drawing time per frame in milliseconds, without the work of the browser itself. */
const BUDGET = 6;

/** Interval at which a text is attached to the document while it is drawn, in milliseconds: each time causes a layout. */
const ATTACH = 150;

export class Painter {
  #jobs = []; // the next one last
  #drawn = new Set(); // jobs with something to attach to the document
  #planned = false;
  #attached = 0;

  /** `around(change)` applies a change to the document; `drawn()` is called after each frame. */
  constructor(around, drawn) {
    Object.assign(this, { around, drawn });
  }

  get busy() {
    return this.#jobs.length > 0 || this.#drawn.size > 0;
  }

  /** Adds a job, which is drawn before the others. Its `step` returns whether more is left. */
  add(job) {
    this.#jobs = this.#jobs.filter((one) => one !== job);
    this.#jobs.push(job);
  }

  clear() {
    this.#jobs = [];
    this.#drawn.clear();
  }

  /** Draws for one frame, and continues in the next ones. */
  draw() {
    const start = performance.now();
    if (this.#drawn.size > 0) this.#attach(start);
    else {
      this.#step(start);
      // unless the texts are short, their layout takes the next frame
      if (performance.now() < start + BUDGET / 2) this.#attach(start);
    }
    if (!this.busy || this.#planned) return;
    this.#planned = true;
    onNextFrame(() => {
      this.#planned = false;
      this.draw();
      this.drawn();
    });
  }

  #step(start) {
    while (this.#jobs.length > 0 && performance.now() < start + BUDGET) {
      const job = this.#jobs.at(-1);
      if (!job.step()) this.#drawn.add(this.#jobs.pop());
    }
    if (this.#jobs.length > 0 && start > this.#attached + ATTACH) this.#drawn.add(this.#jobs.at(-1));
  }

  #attach(now) {
    if (this.#drawn.size === 0) return;
    this.#attached = now;
    const drawn = [...this.#drawn];
    this.#drawn.clear();
    this.around(() => drawn.forEach((job) => job.attach()));
  }
}

/** Calls a function in the next frame, or after a timeout if the page is hidden and has no frames. */
export function onNextFrame(call) {
  if (document.hidden) setTimeout(call, 100);
  else requestAnimationFrame(call);
}
