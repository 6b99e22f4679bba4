import { exp } from "../elementary.js";
import type { Turned } from "./frame.js";
import type { Features, Keypoints } from "./keypoints.js";
import type { ImageViews } from "./views.js";

const BYTES = 64;
/** Samples along a side, one size of the keypoint apart, and the Gaussian window over them, in sizes [1]. */
const SIDE = 20;
const WINDOW_SIGMA = 6;
/** The disc that gives the direction, and the Gaussian over it, in sizes. */
const DISC = 6;
const DISC_SIGMA = 2.5;

/** x, y and weight of the samples of the disc, made up to a multiple of four by some that weigh nothing. */
function discSamples(): Float32Array {
  const out: number[] = [];
  for (let v = -DISC; v <= DISC; v++) {
    for (let u = -DISC; u <= DISC; u++) {
      if (u * u + v * v < DISC * DISC) out.push(u, v, exp(-(u * u + v * v) / (2 * DISC_SIGMA * DISC_SIGMA)));
    }
  }
  while (out.length % 12 !== 0) out.push(0, 0, 0);
  return Float32Array.from(out);
}

/** Directions as SURF finds them: that of the greatest sum of Haar wavelets within a window of 60 degrees [1]. */
export function surfDirections(views: ImageViews, keypoints: Keypoints): Turned {
  const { kernels: k, width, height, grain = 64 } = views;
  using arena = k.arena();
  const { count } = keypoints;
  const keys = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) keys.set([keypoints.x[i]!, keypoints.y[i]!, keypoints.scale[i]!], 3 * i);
  const { at, stride } = views.integral;
  const disc = discSamples();
  const out = arena.bytes(4 * count);
  const scratch = k.scratch(arena, 2048);
  const args = [arena.put(keys), at, stride, width, height, arena.put(disc), disc.length / 3, out, scratch];
  k.rows("surfDirections", count, args, grain);
  return { ...keypoints, angle: arena.f32(out, count).slice() };
}

/**
 * SURF's descriptor: sums of Haar wavelets along and across the direction, and of their sizes, in 4 x 4 cells; 64 bytes [1].
 *
 * [1] H. Bay et al., "Speeded-up robust features (SURF)", CVIU 110 (2008), doi:10.1016/j.cviu.2007.09.014
 */
export function describeSurf(views: ImageViews, keypoints: Turned): Features {
  const { kernels: k, width, height, grain = 64 } = views;
  using arena = k.arena();
  const { count } = keypoints;
  const keys = new Float32Array(4 * count);
  for (let i = 0; i < count; i++)
    keys.set([keypoints.x[i]!, keypoints.y[i]!, keypoints.scale[i]!, keypoints.angle[i]!], 4 * i);
  const { at, stride } = views.integral;
  const window = Float32Array.from({ length: SIDE }, (_, i) => exp(-((i - 9.5) ** 2) / (2 * WINDOW_SIGMA ** 2)));
  const out = arena.bytes(BYTES * count);
  const args = [arena.put(keys), at, stride, width, height, arena.put(window), out, k.scratch(arena, 1024)];
  k.rows("surfDescriptors", count, args, grain);
  return { ...keypoints, descriptors: arena.u8(out, BYTES * count).slice(), bytes: BYTES, measure: "euclidean" };
}
