import type { EdgeObservations } from "./edges.js";
import { type Islands, islands } from "./islands.js";
import { type LoopEvidence, loopEvidence, loopsOf } from "./loops.js";
import type { Rectangles } from "./neighbours.js";
import { information, normalEquations } from "./normal-equations.js";
import { solveNormal, variances } from "./solve-normal.js";
import { type StageModel, type StageTerms, stageFromEdges, stageFromPlaces } from "./stage-model.js";
import { median } from "./statistics.js";
import { sweepOrder } from "./sweep-order.js";

/** Where tiles are, from what was seen of their edges. */
export interface Placement {
  /** x, y of each tile. */
  readonly places: Float64Array;
  /** Standard deviation of that: x, y. */
  readonly sigma: Float64Array;
  /** Tiles that precise edges connect. */
  readonly islands: Islands;
  /** Tiles that any edges connect. */
  readonly joined: Islands;
  /** For each edge how far it is believed, 0 (not at all) to 1. */
  readonly weights: Float64Array;
  /** Candidates that the others contradict. */
  readonly outlier: Uint8Array;
  /** Distance between where an edge and where the solution has b, pixels; NaN where nothing was found. */
  readonly residual: Float64Array;
  readonly stage: StageModel;
  /** Standard deviation along one axis of what edges err beyond their own covariance, pixels. */
  readonly floor: number;
  readonly loops: LoopEvidence;
}

export interface SolveOptions {
  /** Edges that are no chance: those that may place tiles. */
  readonly real: Uint8Array;
  /** How far tiles may be from where the layout puts them, pixels. */
  readonly reach: number;
}

/** Least standard deviation of an edge, pixels: what interpolation leaves. */
const LEAST_FLOOR = 0.003;
/** That of edges which no loop checks. */
const UNKNOWN_FLOOR = 0.1;

/**
 * Places tiles by weighted least squares over all edges.
 *
 * Wrong peaks are found by the loops that they open, then by weights after Geman and McClure whose width shrinks from round to
 * round, so that the start does not decide. Edges count by their covariance and a floor that loops and residuals tell. The stage
 * draws all tiles weakly to where it would have them: that alone places tiles which nothing connects.
 */
export function solvePlaces(
  tiles: Rectangles,
  terms: StageTerms,
  edges: EdgeObservations,
  { real, reach }: SolveOptions,
): Placement {
  const count = tiles.x.length;
  const order = sweepOrder(tiles, edges, new Float64Array(edges.a.length).fill(1));
  const loops = evidenceOf(count, edges, real, reach);
  const doubted = Uint8Array.from(real, (_, e) => (loops.open[e]! > loops.closed[e]! ? 1 : 0));
  let trust: Float64Array = Float64Array.from(real, (r, e) => (!r ? 0 : doubted[e] ? 0.3 : 1));
  let stage = stageFromEdges(terms, edges, trust, reach / 4);
  trust = trustOf(edges, trust, doubted, loops, stage);
  // Once narrow, what loops doubted may earn its weight.
  const kept = Uint8Array.from(trust, (t) => (t > 0 ? 1 : 0));
  let floor = Math.max(LEAST_FLOOR ** 2, loops.floor ?? UNKNOWN_FLOOR ** 2);
  let weights: Float64Array = trust;
  let places = stage.places;
  for (let pass = 0; pass < 3; pass++) {
    // Wide at first, with all edges alike; then as narrow as the errors of right edges.
    for (let share = pass === 0 ? 1 : 1 / 256; share >= 1 / 256; share /= 2) {
      const wide = share > 1 / 128 ? Math.max(floor, (share * reach * 0.25) ** 2) : floor;
      places = solveOnce(count, order, edges, weights, wide, stage);
      weights = geman(edges, places, share > 1 / 8 ? trust : kept, wide);
    }
    floor = floorOfResiduals(count, edges, places, weights, floor);
    const group = groupsOf(count, edges, weights);
    const members = [...group.of.keys()].filter((i) => group.of[i] === 0);
    if (members.length >= 2 * terms.size) stage = stageFromPlaces(terms, places, members);
  }
  const outlier = Uint8Array.from(trust, (_, e) => (real[e] && weights[e]! < LEAST_WEIGHT ? 1 : 0));
  weights = Float64Array.from(weights, (w, e) => (outlier[e] ? 0 : w));
  places = solveOnce(count, order, edges, weights, floor, stage);
  const joined = groupsOf(count, edges, weights);
  const least = Math.max(ROUGH ** 2, 4 * floor);
  const precise = weights.map((w, e) => (Math.max(edges.xx[e]!, edges.yy[e]!) <= least ? w : 0));
  return {
    ...{ places, weights, outlier, stage, joined, loops },
    islands: groupsOf(count, edges, precise),
    floor: Math.sqrt(floor),
    residual: residuals(edges, places),
    sigma: sigmas(count, order, edges, weights, floor, stage, joined),
  };
}

/** An edge that errs more than this, and more than all edges do, holds tiles near one another but makes no island of them, pixels. */
const ROUGH = 0.3;

/** An edge that is believed less than this is an outlier: it is more than 4 standard deviations off. */
const LEAST_WEIGHT = 0.25;

function evidenceOf(count: number, edges: EdgeObservations, real: Uint8Array, reach: number): LoopEvidence {
  const which = [...real.keys()].filter((e) => real[e]);
  const a = which.map((e) => edges.a[e]!);
  const b = which.map((e) => edges.b[e]!);
  const loops = loopsOf(count, a, b).map((loop) => ({ ...loop, edges: loop.edges.map((k) => which[k]!) }));
  return loopEvidence(loops, edges, Math.max(2, reach / 8));
}

/**
 * What to start from. An edge that loops doubt, or that lies far out of line, counts little, and less the farther it is from where
 * the stage would have it: where one of two is wrong, or a sample repeats itself, that decides. What lies far out of line and no loop
 * has checked is more likely a wrong peak than a jump of the stage.
 */
function trustOf(
  edges: EdgeObservations,
  trust: Float64Array,
  doubted: Uint8Array,
  loops: LoopEvidence,
  { places, jitter: [sx, sy] }: StageModel,
): Float64Array {
  return trust.map((t, e) => {
    if (!(t > 0)) return 0;
    const [x, y] = misfit(edges, places, e);
    const far = (x * x) / (2 * sx * sx + 1) + (y * y) / (2 * sy * sy + 1);
    const unchecked = loops.closed[e] === 0 && loops.open[e] === 0;
    if (far > 25) return unchecked ? 0 : 0.3 / (1 + far);
    return doubted[e] ? 0.3 / (1 + far) : t;
  });
}

function solveOnce(
  count: number,
  order: Int32Array,
  edges: EdgeObservations,
  weights: Float64Array,
  floor: number,
  stage: StageModel,
): Float64Array {
  const pull = { to: stage.places, weight: pullOf(edges, weights, floor, stage) };
  const equations = normalEquations(count, edges, weights, floor, pull);
  const step = solveNormal(equations, order, new Float64Array(2 * count));
  return step.map((v, i) => v + stage.places[i]!);
}

/** The stage pulls by what its jitter tells, and never so hard that it bends what edges hold together. */
function pullOf(
  edges: EdgeObservations,
  weights: Float64Array,
  floor: number,
  { jitter }: StageModel,
): readonly [number, number] {
  const used = [...weights.keys()].filter((e) => weights[e]! > LEAST_WEIGHT);
  const typical = median(used.map((e) => information(edges, e, floor)).map(([xx, , yy]) => Math.min(xx, yy)));
  const most = Number.isFinite(typical) && typical > 0 ? 0.001 * typical : 1;
  return [Math.min(most, 1 / jitter[0] ** 2), Math.min(most, 1 / jitter[1] ** 2)];
}

/** Weights after Geman and McClure: 1 at the solution, a quarter at 4 standard deviations. */
function geman(edges: EdgeObservations, places: Float64Array, trust: ArrayLike<number>, floor: number): Float64Array {
  return Float64Array.from(trust, (t, e) => (t > 0 ? t / (1 + distance(edges, places, e, floor) / 16) ** 2 : 0));
}

/** Square of a residual in standard deviations. */
function distance(edges: EdgeObservations, places: Float64Array, e: number, floor: number): number {
  const [x, y] = misfit(edges, places, e);
  const [xx, xy, yy] = information(edges, e, floor);
  return xx * x * x + 2 * xy * x * y + yy * y * y;
}

function misfit({ a, b, dx, dy }: EdgeObservations, places: Float64Array, e: number): readonly [number, number] {
  const [p, q] = [2 * a[e]!, 2 * b[e]!];
  return [places[q]! - places[p]! - dx[e]!, places[q + 1]! - places[p + 1]! - dy[e]!];
}

const residuals = (edges: EdgeObservations, places: Float64Array): Float64Array =>
  Float64Array.from(edges.a, (_, e) => {
    const [x, y] = misfit(edges, places, e);
    return Math.sqrt(x * x + y * y);
  });

/** The floor at which half of the residuals are as small as chance would have them. */
function floorOfResiduals(
  count: number,
  edges: EdgeObservations,
  places: Float64Array,
  weights: Float64Array,
  floor: number,
): number {
  const used = [...weights.keys()].filter((e) => weights[e]! >= LEAST_WEIGHT);
  const group = groupsOf(count, edges, weights);
  const free = 1 - (count - group.sizes.length) / used.length;
  if (used.length < 8 || !(free > 0.05)) return floor;
  // The median of χ² of two degrees of freedom is 1.386.
  const ratio = median(used.map((e) => distance(edges, places, e, floor))) / (1.386 * free);
  const own = median(used.map((e) => (edges.xx[e]! + edges.yy[e]!) / 2));
  return Math.max(LEAST_FLOOR ** 2, (own + floor) * ratio - own);
}

function groupsOf(count: number, edges: EdgeObservations, weights: Float64Array): Islands {
  const used = [...weights.keys()].filter((e) => weights[e]! >= LEAST_WEIGHT);
  return islands(
    count,
    used.map((e) => edges.a[e]!),
    used.map((e) => edges.b[e]!),
  );
}

/** Relative to the middle of what edges connect; elsewhere than in the largest such group with what the stage adds. */
function sigmas(
  count: number,
  order: Int32Array,
  edges: EdgeObservations,
  weights: Float64Array,
  floor: number,
  stage: StageModel,
  group: Islands,
): Float64Array {
  const size = Int32Array.from(group.of, (k) => group.sizes[k]!);
  const loose = 1e-6 / floor;
  const pull = { to: stage.places, weight: [loose, loose] as const };
  const own = variances(normalEquations(count, edges, weights, floor, pull), order, size, loose);
  return own.map((v, i) => {
    const tile = i >> 1;
    if (group.of[tile] === 0 && group.sizes[0]! > 1) return Math.sqrt(v);
    const jitter = stage.jitter[(i & 1) as 0 | 1];
    return Math.sqrt(v + jitter * jitter * (1 / size[tile]! + 1 / group.sizes[0]!));
  });
}
