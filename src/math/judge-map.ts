import { type Diagnostic, problem } from "../core/diagnostic.js";
import type { Image } from "../core/image.js";
import type { Transform } from "../core/transform.js";
import type { Verdict } from "../core/verdict.js";
import { lookThrough } from "./map-look.js";
import { judge } from "./verdict.js";

/**
 * Judges a map that comes without evidence of its own, by the pixels alone: the moving image is warped by it, and a second
 * look tells where what the fixed image shows lies in it. The look chooses its places itself and the map has not seen them,
 * so how far off they lie is the map's error.
 *
 * A map that nothing confirms is suspect, whoever made it; one that folds is rejected.
 *
 * @param transform  from the fixed world to the moving world
 */
export async function judgeMap(
  transform: Transform,
  images: { readonly fixed: Image; readonly moving: Image },
  signal: AbortSignal,
): Promise<Verdict> {
  const { evidence, confirmed, folded, agreeing } = await lookThrough(transform, images, signal);
  const stopped = confirmed ? "confirmed" : "guided-pass-found-too-little";
  return withFolds(judge({ family: "affine", ...evidence }, stopped), folded, agreeing);
}

function withFolds(verdict: Verdict, folded: number, agreeing: number): Verdict {
  const metrics = {
    ...verdict.metrics,
    "second-look-matches": { value: agreeing },
    folded: { value: 100 * folded, unit: "%" },
  };
  if (folded === 0) return { ...verdict, metrics };
  const reasons: Diagnostic[] = [
    problem(
      "folds",
      `The map folds over itself, over ${(100 * folded).toFixed(1)} % of the overlap`,
      "Check unit, order and direction of what the network gives; if they are right, the network has failed on these images.",
    ),
    ...verdict.reasons,
  ];
  return { ...verdict, status: "rejected", reasons, metrics };
}
