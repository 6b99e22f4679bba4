import { applyAffine, type Grid, invertAffine, spacing, type Window } from "../core/grid.js";
import type { Points } from "../core/points.js";
import { asMatrix3, type Transform } from "../core/transform.js";
import { kernels } from "../kernel/lane.js";
import type { Arena } from "../kernel/memory.js";
import { mapPoints } from "./map-points.js";

/** Where the pixels of one grid lie in the pixels of another, through a map that bends. */
export interface PixelMapping {
  readonly onto: Grid;
  /** Interleaved pixel positions of `onto` to those of the source; NaN where there is nothing. */
  map(pixels: Float64Array): Float64Array;
  /** Length over which the map may change its course, pixels of `onto`. */
  readonly detail: number;
  /** Largest difference between a patch and the map at the checked places, source pixels. */
  readonly tolerance: number;
}

export function pixelMapping(transform: Transform, onto: Grid, source: Grid): PixelMapping {
  const into = invertAffine(source.worldFromPixel);
  return {
    onto,
    map: (pixels) =>
      applyAffine(into, mapPoints(transform, applyAffine(onto.worldFromPixel, pixels) as Points<"world">)),
    detail: detailOf(transform) / spacing(onto),
    tolerance: hasField(transform) ? TOLERANCE / 2 : TOLERANCE,
  };
}

/** Whether a displacement field is part of it: linear between its places, it has edges that lie between what is checked. */
function hasField(t: Transform): boolean {
  if (t.type === "sequence") return t.steps.some(hasField);
  return t.type === "inverse" ? hasField(t.of) : t.type === "displacement";
}

/** World length of the finest thing that a map can tell: the spacing of its knots, coefficients or offsets. */
function detailOf(t: Transform): number {
  switch (t.type) {
    case "affine":
    case "projective":
      return Number.POSITIVE_INFINITY;
    case "inverse":
      return detailOf(t.of);
    case "sequence": {
      // The lengths of a step are as long before it as the steps before it have shrunk them.
      let scale = 1;
      let least = Number.POSITIVE_INFINITY;
      for (const step of t.steps) {
        least = Math.min(least, detailOf(step) / scale);
        const m = asMatrix3(step);
        if (m && m[6] === 0 && m[7] === 0) scale *= Math.sqrt(Math.abs(m[0] * m[4] - m[1] * m[3]));
      }
      return least;
    }
    case "bspline":
      return spacing(t.lattice);
    case "displacement":
      return spacing(t.grid);
    case "tps": {
      let [x0, y0, x1, y1] = [t.knots[0]!, t.knots[1]!, t.knots[0]!, t.knots[1]!];
      for (let k = 0; k < t.knots.length; k += 2) {
        [x0, x1] = [Math.min(x0, t.knots[k]!), Math.max(x1, t.knots[k]!)];
        [y0, y1] = [Math.min(y0, t.knots[k + 1]!), Math.max(y1, t.knots[k + 1]!)];
      }
      return Math.sqrt(((x1 - x0) * (y1 - y0)) / (t.knots.length / 2)) || Number.POSITIVE_INFINITY;
    }
  }
}

/** Sides of patches, pixels; what the last cannot follow is mapped pixel by pixel. */
const SIDES = [64, 32, 16, 8] as const;
/** Where the map is smooth. */
const TOLERANCE = 0.002;
const PATCH_NUMBERS = 35;

interface Patch {
  readonly x: number;
  readonly y: number;
}

/**
 * Positions of a block of output pixels, f64 pairs in kernel memory, row by row.
 *
 * The map is evaluated at 4 × 4 places of squares of 64 pixels, and is a cubic between them. At nine places amid the four
 * by four the cubic is held against the map: where it is off by more than 0.002 source pixels (half of that for displacement fields), the square is cut in four,
 * down to 8 pixels, and then the map is evaluated at every pixel. As a cubic's error is nearly largest at those places,
 * positions are good to 0.01 pixel. Squares never reach further than twice the map's own detail, and lie where they lie
 * whatever is read: the same pixel has the same position in every block.
 *
 * @returns their address
 */
export function blockPositions(arena: Arena, mapping: PixelMapping, block: Window): number {
  const out = arena.bytes(16 * block.width * block.height);
  const first = SIDES.findIndex((side) => side <= 2 * mapping.detail);
  let open = first < 0 ? [] : squares(block, SIDES[first]!);
  let exact = first < 0 ? squares(block, 8) : [];
  for (let level = first; level >= 0 && level < SIDES.length && open.length > 0; level++) {
    const side = SIDES[level]!;
    const { fits, rest } = cubicPatches(mapping, open, side);
    if (fits.length > 0) {
      const patches = arena.put(fits);
      const { x, y, width, height } = block;
      kernels().rows("patchPositions", fits.length / PATCH_NUMBERS, [patches, out, x, y, width, height], 4);
      arena.free(patches);
    }
    if (level === SIDES.length - 1) exact = rest;
    else open = rest.flatMap((patch) => quarters(patch, side / 2, block, mapping.onto));
  }
  exactPositions(arena, mapping, exact, block, out);
  return out;
}

/** Squares on a lattice through the origin that cover a block. */
function squares(block: Window, side: number): Patch[] {
  const list: Patch[] = [];
  for (let y = Math.floor(block.y / side) * side; y < block.y + block.height; y += side)
    for (let x = Math.floor(block.x / side) * side; x < block.x + block.width; x += side) list.push({ x, y });
  return list;
}

/** The quarters of a square that show something of a block. */
function quarters({ x, y }: Patch, half: number, block: Window, onto: Grid): Patch[] {
  const right = Math.min(block.x + block.width, onto.width);
  const bottom = Math.min(block.y + block.height, onto.height);
  return [
    { x, y },
    { x: x + half, y },
    { x, y: y + half },
    { x: x + half, y: y + half },
  ].filter((q) => q.x < right && q.y < bottom && q.x + half > block.x && q.y + half > block.y);
}

/** Places of a patch in sixths of its side: the 16 nodes, then the 9 checks. */
const places = [
  ...Array.from({ length: 16 }, (_, i) => [2 * (i % 4), 2 * Math.floor(i / 4)] as const),
  ...Array.from({ length: 9 }, (_, i) => [1 + 2 * (i % 3), 1 + 2 * Math.floor(i / 3)] as const),
];
/** Weights of the four nodes at the check places 1/6, 3/6 and 5/6. */
const checkWeights = [
  [5 / 16, 15 / 16, -5 / 16, 1 / 16],
  [-1 / 16, 9 / 16, 9 / 16, -1 / 16],
  [1 / 16, -5 / 16, 15 / 16, 5 / 16],
] as const;

function cubicPatches(
  mapping: PixelMapping,
  open: readonly Patch[],
  side: number,
): { fits: Float64Array; rest: Patch[] } {
  const pixels = new Float64Array(2 * places.length * open.length);
  let at = 0;
  for (const { x, y } of open) {
    for (const [i, j] of places) {
      pixels[at++] = x + (i * side) / 6;
      pixels[at++] = y + (j * side) / 6;
    }
  }
  const mapped = mapping.map(pixels);
  const fits = new Float64Array(PATCH_NUMBERS * open.length);
  let count = 0;
  const rest: Patch[] = [];
  for (const [k, patch] of open.entries()) {
    const values = mapped.subarray(2 * places.length * k, 2 * places.length * (k + 1));
    if (!isCubic(values, mapping.tolerance)) rest.push(patch);
    else {
      fits.set([patch.x, patch.y, side], PATCH_NUMBERS * count);
      fits.set(values.subarray(0, 32), PATCH_NUMBERS * count + 3);
      count++;
    }
  }
  return { fits: fits.subarray(0, PATCH_NUMBERS * count), rest };
}

/** Whether the checks lie on the cubic through the nodes; a patch of which nothing has a place counts as one. */
function isCubic(values: Float64Array, tolerance: number): boolean {
  if (values.every(Number.isNaN)) return true;
  for (let c = 0; c < 9; c++) {
    const across = checkWeights[c % 3]!;
    const down = checkWeights[Math.floor(c / 3)]!;
    for (let k = 0; k < 2; k++) {
      let sum = 0;
      for (let j = 0; j < 4; j++)
        for (let i = 0; i < 4; i++) sum += across[i]! * down[j]! * values[2 * (4 * j + i) + k]!;
      if (!(Math.abs(sum - values[32 + 2 * c + k]!) <= tolerance)) return false;
    }
  }
  return true;
}

/** Pixels of squares of 8 by 8, each through the map itself. */
function exactPositions(
  arena: Arena,
  mapping: PixelMapping,
  exact: readonly Patch[],
  block: Window,
  out: number,
): void {
  const batch = 1024;
  for (let from = 0; from < exact.length; from += batch) {
    const part = exact.slice(from, from + batch);
    const indices: number[] = [];
    const pixels: number[] = [];
    for (const { x, y } of part) {
      const [x1, y1] = [Math.min(x + 8, block.x + block.width), Math.min(y + 8, block.y + block.height)];
      for (let py = Math.max(y, block.y); py < y1; py++) {
        for (let px = Math.max(x, block.x); px < x1; px++) {
          indices.push((py - block.y) * block.width + px - block.x);
          pixels.push(px, py);
        }
      }
    }
    const mapped = mapping.map(Float64Array.from(pixels));
    const positions = arena.f64(out, 2 * block.width * block.height);
    for (const [k, i] of indices.entries()) {
      positions[2 * i] = mapped[2 * k]!;
      positions[2 * i + 1] = mapped[2 * k + 1]!;
    }
  }
}
