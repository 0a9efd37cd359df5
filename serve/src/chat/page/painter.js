// Draws long texts a little in each frame, so that the page stays at hand.

/** How long a frame draws, in milliseconds; the browser's own work comes on top. */
const BUDGET = 6;

/** How often a long text is put into the document while it is drawn: the browser lays it out each time. */
const ATTACH = 150;

export class Painter {
  #jobs = []; // the next one last
  #drawn = new Set(); // those with something to put into the document
  #planned = false;
  #attached = 0;

  /** `around(change)` makes a change of the document; `drawn()` is called after each frame. */
  constructor(around, drawn) {
    Object.assign(this, { around, drawn });
  }

  get busy() {
    return this.#jobs.length > 0 || this.#drawn.size > 0;
  }

  /** Draws what a job has to draw (`step` returns whether there is more), before the other jobs. */
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
    const begin = performance.now();
    if (this.#drawn.size > 0) this.#attach(begin);
    else {
      this.#step(begin);
      // what the browser has to lay out is enough for a frame, but for short texts
      if (performance.now() < begin + BUDGET / 2) this.#attach(begin);
    }
    if (!this.busy || this.#planned) return;
    this.#planned = true;
    soon(() => {
      this.#planned = false;
      this.draw();
      this.drawn();
    });
  }

  #step(begin) {
    while (this.#jobs.length > 0 && performance.now() < begin + BUDGET) {
      const job = this.#jobs.at(-1);
      if (!job.step()) this.#drawn.add(this.#jobs.pop());
    }
    if (this.#jobs.length > 0 && begin > this.#attached + ATTACH) this.#drawn.add(this.#jobs.at(-1));
  }

  #attach(now) {
    if (this.#drawn.size === 0) return;
    this.#attached = now;
    const drawn = [...this.#drawn];
    this.#drawn.clear();
    this.around(() => drawn.forEach((job) => job.attach()));
  }
}

/** Calls in the next frame; a page that is not seen has no frames. */
export function soon(call) {
  if (document.hidden) setTimeout(call, 100);
  else requestAnimationFrame(call);
}
