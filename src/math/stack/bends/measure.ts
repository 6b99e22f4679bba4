import type { Context } from "../../../core/plugin.js";
import { kernels } from "../../../kernel/lane.js";
import type { PlaneLattice } from "../../free-form/lattice-map.js";
import { bentPlane, correlation } from "../../free-form/plane-tools.js";
import { type FreeFormOptions, registerFreeForm } from "../../free-form/register.js";
import { median } from "../running.js";
import type { Slice } from "../slices.js";
import type { MeasuredBend } from "./along-stack.js";
import type { CommonFrame } from "./common-frame.js";
import { alongStack } from "./laid-slices.js";
import { templateOf } from "./template.js";

export interface Measured extends MeasuredBend {
  readonly lattice: PlaneLattice["lattice"];
}

/** A comparison whose likeness is below that share of what is usual leads nowhere. */
const USUAL = 0.5;
/** Least share of the common frame that a slice and its neighbours both show. */
const LEAST_OVERLAP = 0.05;

/**
 * Compares each slice with what the slices before it have in common, and with what those behind it have, all of them placed and
 * bent as known so far.
 *
 * All slices are compared with the bends of the round before: the order in which they come does not matter.
 *
 * @param used  numbers of slices that take part, ascending
 * @param options  spacing in pixels of the frame
 */
export async function measureBends(
  slices: readonly Slice[],
  used: readonly number[],
  fields: readonly (PlaneLattice | undefined)[],
  frame: CommonFrame,
  options: FreeFormOptions & { readonly range: number },
  { signal, progress }: Pick<Context, "signal" | "progress">,
): Promise<Measured[]> {
  const found: (Measured & { readonly likeness: number })[] = [];
  const reach = options.range;
  let k = 0;
  for await (const { slice, before, behind } of alongStack(slices, used, fields, frame, { reach }, signal)) {
    for (const [side, step] of [[before, -1] as const, [behind, 1] as const]) {
      if (side.length === 0) continue;
      using arena = kernels().arena();
      const template = templateOf(
        arena,
        side.map((s) => s.bent),
      );
      const fit = registerFreeForm(arena, template, slice.bent, options);
      const { lattice } = fit;
      const soFar = fields[slice.index]?.coefficients;
      // One bend after another, as a sum: what they differ by fades as the rounds leave less to bend.
      const coefficients = soFar ? fit.coefficients.map((v, c) => v + soFar[c]!) : fit.coefficients;
      const alike = correlation(arena, template, bentPlane(arena, slice.bent, fit)).ncc;
      const likeness = fit.overlap >= LEAST_OVERLAP && alike > 0 ? alike : 0;
      const others = side.map((_, n) => k + step * (n + 1));
      found.push({ slice: k, others, lattice, coefficients, likeness, told: true });
    }
    progress(++k / used.length);
    if (k % 8 === 0) await new Promise(setImmediate); // lets a signal arrive
  }
  const usual = median(found.map((f) => f.likeness));
  return found.map((f) => ({ ...f, told: f.likeness > 0 && f.likeness >= USUAL * usual }));
}
