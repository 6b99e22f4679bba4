import type { Affine2 } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Context } from "../../core/plugin.js";
import { asMatrix3 } from "../../core/transform.js";
import { estimateFromMatches } from "../estimate.js";
import { matchImages } from "../features/match-images.js";
import { detectSift } from "../features/sift.js";
import { describeSift } from "../features/sift-describe.js";
import { atLevel } from "../pyramid.js";
import { type SliceFamily, scaleMap } from "./maps.js";
import type { Slice } from "./slices.js";

/** Slices are matched by features at a level of at most so many pixels a side. */
const MATCHED_SIDE = 800;
const FEATURES = 2000;

/**
 * The map from slice a's pixels to slice b's by SIFT features, from any shift and rotation; undefined where nothing was found
 * that may be right. Takes some tenths of a second.
 */
export async function largeMove(
  a: Slice,
  b: Slice,
  family: SliceFamily,
  context: Pick<Context, "signal" | "memory" | "random">,
): Promise<Affine2 | undefined> {
  const [fa, fb] = [a, b].map(({ image: { grid } }) =>
    Math.max(1, Math.ceil(Math.max(grid.width, grid.height) / MATCHED_SIDE)),
  ) as [number, number];
  const quiet: Context = { ...context, progress: () => {} };
  const matched = await matchImages(
    { fixed: inPixels(atLevel(a.image, fa)), moving: inPixels(atLevel(b.image, fb)) },
    ({ gray }) => {
      const keypoints = detectSift(gray, { maxKeypoints: FEATURES, contrastThreshold: 0.02 });
      return describeSift(gray, keypoints, { limit: FEATURES });
    },
    { ratio: 0.85, mutual: true, maxSide: { value: 6000, unit: "px" } },
    quiet,
  );
  if (!matched.ok) return undefined;
  const model = family === "translation" ? "rigid" : family;
  const estimate = { inlierDistance: { value: 3, unit: "px" }, guided: false, confidence: 0.9999 } as const;
  const found = await estimateFromMatches(model, matched.value.matches, estimate, quiet);
  if (!found.ok || found.verdict?.status === "rejected") return undefined;
  const matrix = asMatrix3(found.value.transform.transform);
  return matrix && scaleMap(matrix.slice(0, 6) as unknown as Affine2, [fa, fb]);
}

/** By pixels and not by the world: what files say of their place may differ by slice. */
function inPixels(image: Image): Image {
  const { overviews: _, recipe: __, ...face } = image;
  return { ...face, grid: { ...image.grid, worldFromPixel: [1, 0, 0, 0, 1, 0], crs: "px" } };
}
