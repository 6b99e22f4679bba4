import type { Context } from "../../core/plugin.js";
import type { Points } from "../../core/points.js";
import type { Matrix3 } from "../../core/transform.js";
import type { Verdict } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import { coverage } from "../coverage.js";
import { findOverlap } from "../overlap.js";
import { pixelMap, readPair, similarityUnder, startingMap } from "../pair.js";
import type { PairInputs } from "../pair-inputs.js";
import { plausibility } from "../plausibility.js";
import { type EdgeLook, lookAtEdges } from "../structure/edge-look.js";
import type { StructureEvidence } from "../structure/evidence.js";
import { structureImage } from "../structure/image.js";
import { StructurePair } from "../structure/refine.js";
import { judge } from "../verdict.js";
import { type InformationEvidence, informationError } from "./evidence.js";
import type { InformationFamily } from "./families.js";

/** A map with what was found out about it on the way. */
export interface FoundMap {
  /** Fixed world to moving world. */
  readonly world: Matrix3;
  readonly evidence: Omit<InformationEvidence, "edges">;
  /** Where edges were searched first: what that search says. */
  readonly structure?: StructureEvidence;
  /** Where the images agree, fixed world. */
  readonly places: Points<"world">;
}

/** The verdict on a map by mutual information, on the scale of all registrations. Edges are asked too: they have not chosen the map. */
export async function judgeFound(
  inputs: PairInputs,
  family: InformationFamily,
  { world, evidence, structure, places: agreeing }: FoundMap,
  { signal }: Pick<Context, "signal">,
): Promise<Verdict> {
  const { fixed, moving } = inputs;
  const overlap = findOverlap({ type: "projective", matrix: world }, fixed.grid, moving.grid);
  using arena = kernels().arena();
  const pair = await readPair(arena, { fixed, moving }, 1e6, signal);
  const similarity = {
    before: similarityUnder(arena, pair, startingMap(pair)),
    after: similarityUnder(arena, pair, world),
  };
  const information = { ...evidence, edges: await edgesUnder(inputs, world, signal) };
  return judge(
    {
      ...(structure ? { structure } : {}),
      ...{ family, information, similarity, overlap: overlap.ofSmaller },
      ...{ fitRmse: Number.NaN, heldOutRmse: Number.NaN, expectedError: informationError(information) },
      ...{ noise: evidence.sigma, misfit: evidence.local.misfit },
      coverage: coverage(overlap.places, agreeing),
      ...plausibility(world, overlap.places),
      diagonal: Math.sqrt(moving.grid.width ** 2 + moving.grid.height ** 2),
    },
    evidence.rest === 0 ? "converged" : "not-converged",
  );
}

/** Longest side at which edges are looked for, pixels. */
const EDGE_SIDE = 512;

async function edgesUnder(inputs: PairInputs, world: Matrix3, signal: AbortSignal): Promise<EdgeLook | undefined> {
  using arena = kernels().arena();
  const read = (image: PairInputs["fixed"], mask: PairInputs["fixedMask"]) =>
    structureImage(arena, image, { maxSide: EDGE_SIDE, mask, signal });
  const fixed = await read(inputs.fixed, inputs.fixedMask);
  const moving = await read(inputs.moving, inputs.movingMask);
  return lookAtEdges(new StructurePair(arena, fixed, moving), pixelMap(world, fixed.grid, moving.grid));
}
