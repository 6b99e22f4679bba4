/** Times that a path is improved from another start, at most. */
const STARTS = 12;

/**
 * A short path through all places, each once, with free ends: nearest neighbours from several starts, then pieces turned
 * around and moved for as long as the path gets shorter (2-opt and Or-opt). The same distances give the same path.
 */
export function shortestPath(count: number, distance: (a: number, b: number) => number): readonly number[] {
  let best: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let s = 0; s < Math.min(count, STARTS); s++) {
    const path = improved(nearestPath(count, Math.floor((s * count) / Math.min(count, STARTS)), distance), distance);
    const length = lengthOf(path, distance);
    if (length < least - 1e-12) [best, least] = [path, length];
  }
  return best;
}

/** From a start always to the nearest place that is left, at either end. */
function nearestPath(count: number, start: number, distance: (a: number, b: number) => number): number[] {
  const left = new Set(Array.from({ length: count }, (_, i) => i));
  left.delete(start);
  const path = [start];
  while (left.size > 0) {
    let [at, near, end] = [-1, Number.POSITIVE_INFINITY, 0];
    for (const i of left) {
      const [front, back] = [distance(path[0]!, i), distance(path[path.length - 1]!, i)];
      if (back < near) [at, near, end] = [i, back, 1];
      if (front < near) [at, near, end] = [i, front, 0];
    }
    left.delete(at);
    if (end === 1) path.push(at);
    else path.unshift(at);
  }
  return path;
}

const lengthOf = (path: readonly number[], distance: (a: number, b: number) => number): number =>
  path.slice(1).reduce((sum, p, n) => sum + distance(path[n]!, p), 0);

function improved(path: number[], distance: (a: number, b: number) => number): number[] {
  const n = path.length;
  const link = (i: number, j: number) => (i < 0 || j >= n ? 0 : distance(path[i]!, path[j]!));
  const across = (i: number, j: number) => (i < 0 || j < 0 || i >= n || j >= n ? 0 : distance(path[i]!, path[j]!));
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < n - 1; i++)
      for (let j = i + 1; j < n; j++) {
        if (i === 0 && j === n - 1) continue;
        const gain = link(i - 1, i) + link(j, j + 1) - across(i - 1, j) - across(i, j + 1);
        if (gain > 1e-12) {
          for (let a = i, b = j; a < b; a++, b--) [path[a], path[b]] = [path[b]!, path[a]!];
          changed = true;
        }
      }
    for (let length = 1; length <= 3 && !changed; length++) changed = moved(path, length, distance);
  }
  return path;
}

/** Moves one piece to where it makes the path shorter, either way round. */
function moved(path: number[], length: number, distance: (a: number, b: number) => number): boolean {
  const before = lengthOf(path, distance);
  for (let i = 0; i + length <= path.length; i++) {
    const piece = path.slice(i, i + length);
    const rest = [...path.slice(0, i), ...path.slice(i + length)];
    for (let at = 0; at <= rest.length; at++)
      for (const way of [piece, [...piece].reverse()]) {
        const [front, back] = [rest[at - 1], rest[at]];
        const [first, last] = [way[0]!, way[length - 1]!];
        const gap = front === undefined || back === undefined ? 0 : distance(front, back);
        const put =
          (front === undefined ? 0 : distance(front, first)) + (back === undefined ? 0 : distance(last, back));
        const [p, q] = [path[i - 1], path[i + length]];
        const taken =
          (p === undefined ? 0 : distance(p, piece[0]!)) +
          (q === undefined ? 0 : distance(piece[length - 1]!, q)) -
          (p === undefined || q === undefined ? 0 : distance(p, q));
        if (put - gap < taken - 1e-12) {
          const next = [...rest.slice(0, at), ...way, ...rest.slice(at)];
          if (lengthOf(next, distance) < before - 1e-12) {
            next.forEach((v, n) => {
              path[n] = v;
            });
            return true;
          }
        }
      }
  }
  return false;
}
