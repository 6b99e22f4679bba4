/** Slow twins of the kernels in src/kernel/assembly/trees.ts; float32 where they are. */
const f = Math.fround;

export interface ByteImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What one sample sees at each probe. @param frame  a, b, gain, lift */
export function probesSlowly(
  image: ByteImage,
  shape: ArrayLike<number>,
  frame: readonly [number, number, number, number],
  anchors: ArrayLike<number>,
  offsets: ArrayLike<number>,
): number[] {
  const [a, b, gain, lift] = frame.map(f) as [number, number, number, number];
  const clamp = (v: number, most: number) => Math.min(Math.max(v, 0), most);
  return Array.from(anchors, (k, p) => {
    const [dx, dy] = [offsets[2 * p]!, offsets[2 * p + 1]!];
    const x = f(f(shape[2 * k]!) + f(f(a * dx) - f(b * dy)));
    const y = f(f(shape[2 * k + 1]!) + f(f(b * dx) + f(a * dy)));
    const column = Math.trunc(f(clamp(x, image.width - 1) + 0.5));
    const row = Math.trunc(f(clamp(y, image.height - 1) + 0.5));
    const v = image.data[row * image.width + column]!;
    return Math.trunc(clamp(f(f(f(f(v - 128) * gain) + lift) + 128.5), 255));
  });
}

export type Split = readonly [u: number, v: number, t: number];
export const goesLeft = (pixels: ArrayLike<number>, [u, v, t]: Split): boolean => pixels[u]! - pixels[v]! > t;

export function sumSlowly(targets: readonly (readonly number[])[], size: number): number[] {
  const sum = new Array<number>(size).fill(0);
  for (const target of targets) for (let d = 0; d < size; d++) sum[d] = f(sum[d]! + target[d]!);
  return sum;
}

/** How much of the targets' squares the means of both sides explain; -1 where a side is too small. */
export function gainSlowly(
  pixels: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
  split: Split,
  least: number,
): number {
  const left = targets.filter((_, i) => goesLeft(pixels[i]!, split));
  const right = targets.length - left.length;
  if (left.length < least || right < least) return -1;
  const size = targets[0]!.length;
  const sum = sumSlowly(left, size);
  const rest = sumSlowly(targets, size).map((v, d) => f(v - sum[d]!));
  const square = (v: readonly number[]) => v.reduce((s, x) => s + x * x, 0);
  return square(sum) / left.length + square(rest) / right;
}

/** The leaf that a sample comes to. @param tree  splits from the root on, row by row */
export function leafSlowly(pixels: ArrayLike<number>, tree: readonly Split[], depth: number): number {
  let node = 0;
  for (let d = 0; d < depth; d++) node = 2 * node + (goesLeft(pixels, tree[node]!) ? 1 : 2);
  return node + 1 - (1 << depth);
}

/** Votes for one point. @param leaves  (x, y, weight) of the point in each leaf */
export function votesSlowly(
  places: readonly (readonly [number, number])[],
  which: readonly (readonly number[])[],
  leaves: readonly (readonly [number, number, number])[],
  width: number,
  height: number,
): Float32Array {
  const map = new Float32Array(width * height);
  places.forEach(([x, y], i) => {
    for (const leaf of which[i]!) {
      if (leaf < 0) continue;
      const [dx, dy, weight] = leaves[leaf]!;
      const column = Math.floor(f(f(x + 0.5) + f(dx)));
      const row = Math.floor(f(f(y + 0.5) + f(dy)));
      if (weight <= 0 || column < 0 || row < 0 || column >= width || row >= height) continue;
      map[row * width + column] = map[row * width + column]! + f(weight);
    }
  });
  return map;
}
