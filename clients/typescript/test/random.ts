/** Returns a seeded random number generator (mulberry32). */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function below(next: () => number, limit: number): number {
  return Math.floor(next() * limit);
}

export function pick<T>(next: () => number, from: readonly T[]): T {
  return from[below(next, from.length)]!;
}
