import { pixelGrid } from "../../../core/grid.js";
import type { Context } from "../../../core/plugin.js";
import type { Points } from "../../../core/points.js";
import { apply } from "../../../core/transform.js";
import { kernels } from "../../../kernel/lane.js";
import type { Arena } from "../../../kernel/memory.js";
import { latticeMap, type PlaneLattice } from "../../free-form/lattice-map.js";
import { bentPlane, correlation } from "../../free-form/plane-tools.js";
import { type FreeFormOptions, registerFreeForm } from "../../free-form/register.js";
import { emptyPlane, type Plane } from "../../plane.js";
import type { Slice } from "../slices.js";
import type { CommonFrame } from "./common-frame.js";
import { alongErrors } from "./expected-error.js";
import { type Around, alongStack } from "./laid-slices.js";
import { templateOf } from "./template.js";

/** A correlation with the slices in place, and with them bent as well. */
export interface BeforeAfter {
  readonly before: number;
  readonly after: number;
  /** Of the gain, by how it differs from slice to slice; NaN for fewer than three. */
  readonly standardError: number;
}

/** What a verdict on the bends of a stack rests on; lengths in pixels of the common frame. */
export interface BendEvidence {
  readonly slices: number;
  /** Slices whose bend comes from their own pixels. */
  readonly bent: number;
  /** Of slices that follow each other. */
  readonly neighbours: BeforeAfter;
  /** Of slices so far apart that they were not compared. */
  readonly apart: BeforeAfter;
  /** Of slices with their neighbours, at pixels that were kept from the registration. */
  readonly heldOut: BeforeAfter;
  readonly expectedError: number;
  /** Part of the expected error that comes from the pixels: what bends are found where there are none. */
  readonly noise: number;
  /** Root mean square displacement. */
  readonly size: number;
  readonly leastJacobian: number;
}

/** Interpolation takes away a little noise, which must not count for likeness: slices are looked at smoothed, pixels. */
const SMOOTHING = 1;
/** Slices at which pixels are held out. */
const LOOKED = 12;

export async function gatherEvidence(
  slices: readonly Slice[],
  used: readonly number[],
  fields: readonly PlaneLattice[],
  frame: CommonFrame,
  options: FreeFormOptions & { readonly range: number; readonly trendLength: number },
  { signal }: Pick<Context, "signal">,
): Promise<Omit<BendEvidence, "leastJacobian">> {
  const { range, trendLength } = options;
  const near: Gain[] = [];
  const apart: Gain[] = [];
  const heldOut: Gain[] = [];
  let [squares, count] = [0, 0];
  const seen = { reach: range + 1, smoothing: SMOOTHING };
  const step = Math.max(1, used.length / LOOKED);
  let [k, next] = [0, 0];
  for await (const around of alongStack(slices, used, fields, frame, seen, signal)) {
    const { slice, behind } = around;
    for (const [other, list] of [[behind[0], near] as const, [behind[range], apart] as const]) {
      if (!other) continue;
      using arena = kernels().arena();
      const before = correlation(arena, slice.flat, other.flat).ncc;
      list.push([before, correlation(arena, slice.bent, other.bent).ncc]);
    }
    if (k++ < next) continue;
    next += step;
    const halves = halvesOf(around, options);
    heldOut.push(...halves.gains);
    squares += halves.squares;
    count += halves.count;
  }
  const factors = alongErrors(used, range, trendLength);
  const size =
    frame.factor *
    sizeOf(
      used.map((i) => fields[i]!),
      frame,
    );
  // Two halves of the pixels each have twice the variance of all, and so their difference four times.
  const measuring = (frame.factor * Math.sqrt(squares / Math.max(1, count))) / 2;
  const noise = factors.ofMeasuring * measuring;
  return {
    ...{ slices: slices.length, bent: used.length, size, noise },
    neighbours: summary(near),
    apart: summary(apart),
    heldOut: summary(heldOut),
    expectedError: Math.hypot(noise, (factors.kept / factors.found) * size),
  };
}

type Gain = readonly [before: number, after: number];

function summary(all: readonly Gain[]): BeforeAfter {
  const list = all.filter(([a, b]) => Number.isFinite(a + b));
  const n = list.length;
  const mean = (of: (g: Gain) => number) => (n > 0 ? list.reduce((s, g) => s + of(g), 0) / n : Number.NaN);
  const [before, after] = [mean((g) => g[0]), mean((g) => g[1])];
  const variance = mean(([a, b]) => (b - a - (after - before)) ** 2);
  return { before, after, standardError: n > 2 ? Math.sqrt(variance / (n - 1)) : Number.NaN };
}

/**
 * Bends a slice by one half of the pixels, squares as on a chess board, and looks at the other half; and the other way round.
 *
 * What both halves say differently tells the error of what either says.
 */
function halvesOf({ slice, before, behind }: Around, options: FreeFormOptions & { readonly range: number }) {
  using arena = kernels().arena();
  const side = (before.length > behind.length ? before : behind).slice(0, options.range);
  const template = templateOf(
    arena,
    side.map((s) => s.bent),
  );
  const square = Math.max(4, Math.round(options.spacing));
  const halves = [0, 1].map((parity) => chequered(arena, template, square, parity));
  const fields = halves.map((half) => registerFreeForm(arena, half, slice.flat, options));
  const gains = fields.map(({ lattice, coefficients }, h): Gain => {
    const alike = (c: Float64Array) =>
      correlation(arena, halves[1 - h]!, bentPlane(arena, slice.flat, { lattice, coefficients: c })).ncc;
    return [alike(new Float64Array(coefficients.length)), alike(coefficients)];
  });
  const [a, b] = fields.map((field) => displacements(field, template));
  let squares = 0;
  for (let i = 0; i < a!.length; i++) squares += (a![i]! - b![i]!) ** 2;
  return { gains, squares, count: a!.length / 2 };
}

/** A plane of which every other square shows nothing. */
function chequered(arena: Arena, plane: Plane, side: number, parity: number): Plane {
  const { width, height } = plane;
  const out = emptyPlane(arena, width, height);
  for (let y = 0; y < height; y++) {
    const from = arena.f32(plane.at + 4 * y * plane.stride, width);
    const to = arena.f32(out.at + 4 * y * out.stride, width);
    const row = Math.floor(y / side) + parity;
    for (let x = 0; x < width; x++) to[x] = (Math.floor(x / side) + row) % 2 === 0 ? from[x]! : Number.NaN;
  }
  return out;
}

/** Places of a plane at which displacements are compared, along either side. */
const PLACES = 16;

function displacements(field: PlaneLattice, { width, height }: { readonly width: number; readonly height: number }) {
  const places = new Float64Array(2 * PLACES * PLACES);
  for (let k = 0; k < PLACES * PLACES; k++) {
    places[2 * k] = (((k % PLACES) + 0.5) / PLACES) * width - 0.5;
    places[2 * k + 1] = ((Math.floor(k / PLACES) + 0.5) / PLACES) * height - 0.5;
  }
  return apply(latticeMap(field, pixelGrid(width, height)), places as Points<"world">).map((v, i) => v - places[i]!);
}

/** Root mean square displacement over the slices. */
function sizeOf(fields: readonly PlaneLattice[], frame: CommonFrame): number {
  let sum = 0;
  for (const field of fields) for (const v of displacements(field, frame)) sum += v * v;
  return Math.sqrt(sum / (fields.length * PLACES * PLACES));
}
