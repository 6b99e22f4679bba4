import { type Affine2, composeAffine } from "../../core/grid.js";
import { addBlock, type BlockStructure, blockStructure, blockSystem, solveBlocks } from "./block-system.js";
import {
  degreesOf,
  generators,
  mapX,
  mapY,
  momentPoints,
  relative,
  type Size,
  type SliceFamily,
  smallMove,
} from "./maps.js";
import { median } from "./running.js";

/** What was found of two slices: how a's pixels lie on b's. */
export interface PairMap {
  readonly a: number;
  readonly b: number;
  readonly bFromA: Affine2;
  /** Expected error over the slice, pixels of b. */
  readonly sigma: number;
}

export interface StackSolution {
  readonly frameFromSlice: readonly Affine2[];
  /** Expected error relative to the reference, pixels, from the pairs' errors as they contradict each other; Infinity for slices that nothing connects to it. */
  readonly sigma: Float64Array;
  /** Root mean square distance between what each pair shows and where its slices were put, pixels. */
  readonly residual: Float64Array;
  /** How much each pair counts in the end, 0 to 1. */
  readonly weight: Float64Array;
  /** By how much the pairs contradict each other, relative to what they claim: 1 where claims hold. */
  readonly claim: number;
}

export interface SolveOptions {
  readonly family: SliceFamily;
  readonly reference: number;
  readonly sizes: readonly Size[];
  /** Maps to begin with. */
  readonly start: readonly Affine2[];
}

const MOST_ROUNDS = 40;
/** Residuals beyond so many times their common scale lose weight (Geman and McClure). */
const BEYOND = 5;
/** Pairs are never held to be much better than they claim: where few contradict each other, many agree by construction. */
const LEAST_SCALE = 0.5;
/** A pair's claim is never believed to be better than that, pixels. */
const LEAST_SIGMA = 0.002;

/**
 * Places all slices so that the pairs agree as well as they can: Gauss-Newton steps on the maps themselves, over points that
 * stand for all pixels, weighted by the pairs' errors; pairs that the others contradict lose their weight step by step.
 */
export function solveStack(
  pairs: readonly PairMap[],
  { family, reference, sizes, start }: SolveOptions,
): StackSolution {
  const count = start.length;
  const k = degreesOf[family];
  const structure = blockStructure(
    count,
    k,
    pairs.map(({ a, b }) => [a, b] as const),
  );
  const frames = [...start];
  const sigma = pairs.map((pair) => Math.max(pair.sigma, LEAST_SIGMA));
  let weight = new Float64Array(pairs.length).fill(1);
  let residual = residuals(pairs, frames, sizes);
  let scale = 1;
  let moved = Number.POSITIVE_INFINITY;
  for (let round = 0; round < MOST_ROUNDS && (round < 8 || moved > 1e-4); round++) {
    const ratio = residual.map((r, n) => r / sigma[n]!);
    // The first rounds count all by distance (as least absolute values do), as none can be called wrong yet.
    const spare = pairs.length / Math.max(1, pairs.length - count + 1);
    scale = Math.max(LEAST_SCALE, 1.2 * median(ratio) * Math.sqrt(spare));
    weight = ratio.map((u) => (round < 4 ? 1 / Math.max(1, u / scale) : 1 / (1 + (u / (BEYOND * scale)) ** 2) ** 2));
    const system = normalEquations(pairs, frames, sizes, { family, structure, sigma, weight, reference });
    const { x } = solveBlocks(system);
    moved = 0;
    for (let i = 0; i < count; i++) {
      if (i === reference) continue;
      const d = x.subarray(i * k, (i + 1) * k);
      for (const v of d) moved = Math.max(moved, Math.abs(v));
      frames[i] = composeAffine(smallMove(family, sizes[i]!, d), frames[i]!);
    }
    residual = residuals(pairs, frames, sizes);
  }
  const claim = contradiction(residual, sigma, weight, count);
  const errors = expectedErrors(pairs, frames, sizes, { family, structure, sigma, weight, reference }, claim);
  return { frameFromSlice: frames, sigma: errors, residual, weight, claim };
}

interface Equations {
  readonly family: SliceFamily;
  readonly structure: BlockStructure;
  readonly sigma: readonly number[];
  readonly weight: Float64Array;
  readonly reference: number;
}

function normalEquations(
  pairs: readonly PairMap[],
  frames: readonly Affine2[],
  sizes: readonly Size[],
  { family, structure, sigma, weight, reference }: Equations,
) {
  const k = structure.size;
  const system = blockSystem(structure);
  const [ga, gb] = [new Float64Array(2 * k), new Float64Array(2 * k)];
  const blocks = { aa: new Float64Array(k * k), ab: new Float64Array(k * k), bb: new Float64Array(k * k) };
  pairs.forEach(({ a, b, bFromA }, n) => {
    const m = relative(frames[a]!, frames[b]!);
    const w = (weight[n]! * k) / sigma[n]! ** 2 / 4; // k numbers share the error of four points
    for (const block of Object.values(blocks)) block.fill(0);
    const p = momentPoints(sizes[a]!);
    for (let t = 0; t < 8; t += 2) {
      const [x, y] = [p[t]!, p[t + 1]!];
      const [qx, qy] = [mapX(m, x, y), mapY(m, x, y)];
      const [rx, ry] = [qx - mapX(bFromA, x, y), qy - mapY(bFromA, x, y)];
      generators(family, sizes[a]!, x, y, gb);
      for (let c = 0; c < k; c++) {
        ga[c] = m[0] * gb[c]! + m[1] * gb[k + c]!;
        ga[k + c] = m[3] * gb[c]! + m[4] * gb[k + c]!;
      }
      generators(family, sizes[b]!, qx, qy, gb);
      for (let r = 0; r < k; r++) {
        system.right[a * k + r] = system.right[a * k + r]! - w * (ga[r]! * rx + ga[k + r]! * ry);
        system.right[b * k + r] = system.right[b * k + r]! + w * (gb[r]! * rx + gb[k + r]! * ry);
        for (let c = 0; c < k; c++) {
          const at = r * k + c;
          blocks.aa[at] = blocks.aa[at]! + w * (ga[r]! * ga[c]! + ga[k + r]! * ga[k + c]!);
          blocks.bb[at] = blocks.bb[at]! + w * (gb[r]! * gb[c]! + gb[k + r]! * gb[k + c]!);
          blocks.ab[at] = blocks.ab[at]! - w * (ga[r]! * gb[c]! + ga[k + r]! * gb[k + c]!);
        }
      }
    }
    addBlock(system, a, a, blocks.aa);
    addBlock(system, b, b, blocks.bb);
    addBlock(system, a, b, blocks.ab);
  });
  // The reference stays; a little holds what nothing connects to it.
  for (let i = 0; i < structure.count; i++)
    for (let r = 0; r < k; r++) {
      const at = (i * k + r) * k + r;
      system.diagonal[at] = system.diagonal[at]! + (i === reference ? 1e12 : FREE);
    }
  return system;
}

/** Information by which every slice is held where it is: an error of 10,000 px. */
const FREE = 1e-8;

function residuals(pairs: readonly PairMap[], frames: readonly Affine2[], sizes: readonly Size[]): Float64Array {
  return Float64Array.from(pairs, ({ a, b, bFromA }) => {
    const m = relative(frames[a]!, frames[b]!);
    const p = momentPoints(sizes[a]!);
    let sum = 0;
    for (let t = 0; t < 8; t += 2) {
      const dx = mapX(m, p[t]!, p[t + 1]!) - mapX(bFromA, p[t]!, p[t + 1]!);
      const dy = mapY(m, p[t]!, p[t + 1]!) - mapY(bFromA, p[t]!, p[t + 1]!);
      sum += dx * dx + dy * dy;
    }
    return Math.sqrt(sum / 4);
  });
}

/** Root mean square of weighted residuals over their claimed errors, for as many pairs as there are to spare. */
function contradiction(residual: Float64Array, sigma: readonly number[], weight: Float64Array, count: number): number {
  let sum = 0;
  let used = 0;
  residual.forEach((r, n) => {
    sum += weight[n]! * (r / sigma[n]!) ** 2;
    used += weight[n]!;
  });
  const spare = used - (count - 1);
  return spare > 0.5 ? Math.sqrt(sum / spare) : 1;
}

function expectedErrors(
  pairs: readonly PairMap[],
  frames: readonly Affine2[],
  sizes: readonly Size[],
  equations: Equations,
  claim: number,
): Float64Array {
  const { structure, family } = equations;
  const k = structure.size;
  const { covariance } = solveBlocks(normalEquations(pairs, frames, sizes, equations), true);
  const g = new Float64Array(2 * k);
  return Float64Array.from(frames, (_, i) => {
    const p = momentPoints(sizes[i]!);
    let sum = 0;
    for (let t = 0; t < 8; t += 2) {
      generators(family, sizes[i]!, p[t]!, p[t + 1]!, g);
      for (const row of [0, k])
        for (let r = 0; r < k; r++)
          for (let c = 0; c < k; c++) sum += g[row + r]! * covariance![(i * k + r) * k + c]! * g[row + c]!;
    }
    const error = Math.sqrt(Math.max(0, sum / 4));
    return error > 1e3 ? Number.POSITIVE_INFINITY : Math.max(1, claim) * error;
  });
}
