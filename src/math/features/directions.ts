import { briskDirections } from "./brisk-describe.js";
import type { DirectionFinder, Turned } from "./frame.js";
import { type Keypoints, pickKeypoints, picks } from "./keypoints.js";
import { sectorDirections } from "./mldb.js";
import { siftDirections } from "./sift-describe.js";
import { surfDirections } from "./surf-describe.js";
import { type ImageViews, pointsByLevel } from "./views.js";

/** Radius of the disc around a point. */
const DISC = 15;

/** The disc as its kernel wants it: see `centroidDirections` there. */
export function discWeights(): Int16Array {
  const out = new Int16Array(64 * (2 * DISC + 1));
  for (let v = -DISC; v <= DISC; v++) {
    const reach = Math.floor(Math.sqrt(DISC * DISC + DISC - v * v));
    for (let u = -reach; u <= reach; u++) {
      const at = 64 * (v + DISC) + u + 16;
      out[at] = 1;
      out[at + 32] = u;
    }
  }
  return out;
}

/**
 * Directions from keypoints to the centroid of brightness of the disc around, 15 pixels in the level of the pyramid that
 * suits their size [1]. Keypoints whose disc leaves the image are left out.
 *
 * [1] P. L. Rosin, "Measuring corner properties", CVIU 73 (1999), doi:10.1006/cviu.1998.0719
 */
function centroidDirections(views: ImageViews, keypoints: Keypoints): Turned {
  const { kernels: k, grain = 128 } = views;
  using arena = k.arena();
  const disc = arena.put(discWeights());
  const angle = new Float32Array(keypoints.count);
  const seen = new Uint8Array(keypoints.count);
  for (const { octave, of, points } of pointsByLevel(views, keypoints, DISC + 1)) {
    using local = k.arena();
    const level = views.level(octave);
    const out = local.bytes(4 * of.length);
    k.rows("centroidDirections", of.length, [local.put(points), level.at, level.stride, disc, out], grain);
    const found = local.f32(out, of.length);
    for (const [n, i] of of.entries()) {
      angle[i] = found[n]!;
      seen[i] = 1;
    }
  }
  const kept = Array.from(seen.keys()).filter((i) => seen[i] !== 0);
  return { ...pickKeypoints(keypoints, kept), angle: picks(angle, kept) };
}

/** Ways to find the direction of a keypoint. */
export const directions = {
  /** Peaks of the histogram of gradients, as SIFT has it: up to four for a keypoint. */
  gradient: (views, keypoints) => siftDirections(views.gray, keypoints),
  /** As `gradient`, a direction and its opposite being one: contrast may be reversed. */
  folded: (views, keypoints) => siftDirections(views.gray, keypoints, true),
  /** The sixth of a turn with the most gradient, as AKAZE has it. */
  sector: sectorDirections,
  /** Towards the centroid of brightness, as ORB has it. */
  centroid: centroidDirections,
  /** The mean gradient between far points of rings, as BRISK has it. */
  rings: briskDirections,
  /** The greatest sum of Haar wavelets, as SURF has it. */
  wavelets: surfDirections,
} as const satisfies Record<string, DirectionFinder>;
export type DirectionName = keyof typeof directions;
