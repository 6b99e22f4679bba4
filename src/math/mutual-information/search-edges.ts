import { ok, type Result } from "../../core/diagnostic.js";
import type { Context } from "../../core/plugin.js";
import type { Matrix3 } from "../../core/transform.js";
import { fitMap } from "../fit.js";
import type { PairInputs } from "../pair-inputs.js";
import { alignByStructure } from "../structure/align.js";
import type { StructureEvidence } from "../structure/evidence.js";
import type { InformationFamily } from "./families.js";

/** Where the images' edges agree: a start for gradients, whose information reaches only a few pixels. */
export interface EdgeStart {
  /** Fixed world to moving world. */
  readonly world: Matrix3;
  readonly evidence: StructureEvidence;
}

/** Searches all turns, shifts, and scales from half to double what makes the long sides equal; see `alignByStructure`. */
export async function searchEdges(
  inputs: PairInputs,
  family: InformationFamily,
  context: Context,
): Promise<Result<EdgeStart>> {
  const model = family === "affine" ? "affine" : "similarity";
  const options = { model, flips: false, minOverlap: 0.3, maxSide: 1024, scales: [0.5, 2] } as const;
  const found = await alignByStructure(inputs, options, context);
  if (!found.ok) return found;
  const { matrix, evidence, ties } = found.value;
  const fit = family === model ? undefined : fitMap(family, ties.fixed, ties.moving, undefined, ties.weight);
  return ok({ world: fit?.ok ? fit.value : matrix, evidence });
}
