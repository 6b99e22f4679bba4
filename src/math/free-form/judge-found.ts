import type { Image } from "../../core/image.js";
import type { Transform } from "../../core/transform.js";
import type { Verdict } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import { lookThrough } from "../map-look.js";
import { readPair, similarityThrough, similarityUnder, startingMap } from "../pair.js";
import { judge } from "../verdict.js";
import type { FreeFormEvidence } from "./evidence.js";

/**
 * Judges a bend: by what was gathered on the way, and by a second look at patches, which the bend has not chosen.
 *
 * What noise does to the bend and what the bend does not follow are different errors, and both count.
 *
 * @param alike  the moving image in the brightness of the fixed one, where they are of different kinds: patches compare brightness
 */
export async function judgeFreeFormMap(
  transform: Transform,
  images: { readonly fixed: Image; readonly moving: Image },
  freeForm: FreeFormEvidence,
  signal: AbortSignal,
  alike?: Image,
): Promise<Verdict> {
  const looked = { ...images, moving: alike ?? images.moving };
  const { evidence, confirmed, missOfNoise } = await lookThrough(transform, looked, signal);
  const miss = evidence.misfit;
  const seen = Number.isFinite(miss) ? Math.sqrt(Math.max(0, miss ** 2 - 2 * missOfNoise ** 2)) : 0;
  const { noise, roundTrip } = freeForm;
  // Patches see the middle of a neighbourhood; what the lattice is too stiff for shows between both directions.
  const misfit = Math.max(seen, Number.isFinite(roundTrip.distance) ? roundTrip.distance / 2 : 0);
  return judge(
    {
      ...{ ...evidence, family: "affine", freeForm, misfit, noise },
      ...(alike ? { similarity: await similarityOf(transform, images, signal) } : {}),
      // Where nothing is confirmed the bend may be a wrong one, and its noise says nothing.
      expectedError: confirmed && Number.isFinite(noise) ? Math.sqrt(noise ** 2 + misfit ** 2) : Number.NaN,
    },
    confirmed ? (freeForm.converged ? "converged" : "not-converged") : "guided-pass-found-too-little",
  );
}

async function similarityOf(
  transform: Transform,
  images: { readonly fixed: Image; readonly moving: Image },
  signal: AbortSignal,
) {
  using arena = kernels().arena();
  const pair = await readPair(arena, images, 1e6, signal);
  const before = similarityUnder(arena, pair, startingMap(pair));
  return { before, after: await similarityThrough(arena, pair, images.moving, transform, signal) };
}
