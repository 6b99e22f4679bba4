import { failed, ok, problem, type Result } from "../../../core/diagnostic.js";
import type { Context } from "../../../core/plugin.js";
import type { SliceBends } from "../../../core/slice-bends.js";
import type { SliceTransforms } from "../../../core/slice-tables.js";
import { leastJacobian, stepWithoutFolds } from "../../free-form/folding.js";
import type { PlaneLattice } from "../../free-form/lattice-map.js";
import { defaultSpacing, LEAST_SPACING } from "../../free-form/lattice-request.js";
import type { FreeFormOptions } from "../../free-form/register.js";
import type { Slice } from "../slices.js";
import { bendsAlongStack } from "./along-stack.js";
import { type CommonFrame, commonFrame } from "./common-frame.js";
import { type BendEvidence, gatherEvidence } from "./gather-evidence.js";
import { measureBends } from "./measure.js";

export interface BendOptions extends Pick<FreeFormOptions, "metric" | "bending"> {
  /** Of the lattice, pixels of the common frame; by the size of the frame when absent. */
  readonly spacing?: number | undefined;
  /** Slices on either side that each is compared with. */
  readonly range: number;
  readonly sweeps: number;
  /** Slices within which bends average out; what changes more slowly along the stack is kept. */
  readonly trendLength: number;
  /** Longest side that is compared, pixels. */
  readonly maxSide: number;
}

export interface StackBending {
  readonly bends: SliceBends;
  /** Slices that were good when the stack was aligned, but look like none of their neighbours here. */
  readonly untold: readonly number[];
  readonly evidence: BendEvidence;
}

/** No cell of a bend may shrink below this share of its area. */
const LEAST_AREA = 0.05;
/** A slice on each side, and one more that is not compared with it. */
const LEAST_SLICES = 3;

/**
 * Finds a smooth bend for each slice of an aligned stack that brings it onto its neighbours.
 *
 * In a few rounds each slice is registered to what its neighbours have in common, and all slices together are solved for
 * their bends; what changes slowly along the stack stays as it is. After S. Saalfeld et al., Nature Methods 9 (2012),
 * doi:10.1038/nmeth.2072, who relax springs between all neighbours; here each slice is held against a mean.
 *
 * @param transforms  where the slices lie, of all of them in their order
 * @returns `too-few-slices`, `lattice-too-fine`
 */
export async function bendStack(
  slices: readonly Slice[],
  transforms: SliceTransforms,
  options: BendOptions,
  context: Context,
): Promise<Result<StackBending>> {
  let used = slices.flatMap((_, i) => (transforms.state[i] === "used" ? [i] : []));
  if (used.length < LEAST_SLICES) return failed(tooFew(used.length));
  const shown = {
    sizes: used.map((i) => slices[i]!.image.grid),
    frames: used.map((i) => transforms.frameFromSlice[i]!),
  };
  const frame = commonFrame(shown, transforms.frameFromSlice, options.maxSide);
  const spacing = (options.spacing ?? frame.factor * defaultSpacing({ ...frame, magnification: 1 })) / frame.factor;
  if (!(spacing >= LEAST_SPACING)) return failed(tooFine(spacing, frame));
  let fields: readonly (PlaneLattice | undefined)[] = slices.map(() => undefined);
  const untold: number[] = [];
  for (let sweep = 0; sweep < options.sweeps; sweep++) {
    const last = sweep === options.sweeps - 1;
    const range = Math.min(options.range, used.length - 2);
    const measured = await measureBends(
      slices,
      used,
      fields,
      frame,
      { ...options, spacing, range, effort: last ? "standard" : "fast", finest: last ? 0 : 1 },
      { ...context, progress: (f) => context.progress((sweep + f) / (options.sweeps + 1)) },
    );
    const { lattice } = measured[0]!;
    const none = new Float64Array(measured[0]!.coefficients.length);
    const before = used.map((i) => fields[i]?.coefficients ?? none);
    const along = { range, length: options.trendLength, count: slices.length };
    const { bends, known } = bendsAlongStack(used, measured, before, along);
    fields = bends.map((c) => ({
      lattice,
      coefficients: stepWithoutFolds(lattice, none, c, frame.width, frame.height, LEAST_AREA),
    }));
    untold.push(...used.filter((i) => !known[i]));
    used = used.filter((i) => known[i]);
    if (used.length < LEAST_SLICES) return failed(tooFew(used.length));
  }
  const found = fields as readonly PlaneLattice[];
  const range = Math.min(options.range, used.length - 2);
  const evidence = await gatherEvidence(slices, used, found, frame, { ...options, spacing, range }, context);
  const least = Math.min(...found.map((f) => leastJacobian(f.lattice, f.coefficients, frame.width, frame.height)));
  return ok({
    bends: inCommonFrame(slices, found, frame),
    untold: untold.sort((a, b) => a - b),
    evidence: { ...evidence, leastJacobian: least },
  });
}

/** Bends in pixels of the stack's common frame. */
function inCommonFrame(slices: readonly Slice[], fields: readonly PlaneLattice[], frame: CommonFrame): SliceBends {
  const { factor, left, top } = frame;
  const { lattice } = fields[0]!;
  // Coarse pixel u stands at fine pixel f·u + (f − 1)/2.
  const place = (u: number, from: number) => factor * u + (factor - 1) / 2 + from;
  return {
    slices: slices.map((s) => s.name),
    lattice: {
      ...lattice,
      spacing: lattice.spacing * factor,
      origin: [place(lattice.origin[0], left), place(lattice.origin[1], top)],
    },
    coefficients: fields.map((f) => f.coefficients.map((v) => v * factor)),
  };
}

const tooFew = (count: number) =>
  problem(
    "too-few-slices",
    `Expected ${LEAST_SLICES} slices or more whose places are known, but ${count === 0 ? "none is" : `only ${count} ${count === 1 ? "is" : "are"}`}`,
    "Look at the column state of the transforms. Two images are bent onto each other by match/bspline.",
  );

const tooFine = (spacing: number, { factor }: CommonFrame) =>
  problem(
    "lattice-too-fine",
    `Expected a lattice-spacing of at least ${LEAST_SPACING * factor} px, but it is ${Number((spacing * factor).toPrecision(3))} px`,
    factor > 1
      ? "Use a wider lattice-spacing, or a larger max-side."
      : "Use a wider lattice-spacing: about as wide as what bends, or leave it out.",
  );
