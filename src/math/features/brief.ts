import { seededRandom } from "../random.js";
import { keepDescribed, type Turned } from "./frame.js";
import type { Features } from "./keypoints.js";
import { type ImageViews, pointsByLevel } from "./views.js";

const DESCRIPTOR_BYTES = 32;
/** Samples reach 15 pixels, and half a pixel more by rounding. */
const BORDER = 16;

/**
 * Steered BRIEF: 256 comparisons of brightness around each keypoint, turned with its direction, on the level of the pyramid
 * that suits its size, smoothed [1]. The comparisons are drawn from a seed of ours.
 *
 * [1] E. Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV 2011, doi:10.1109/ICCV.2011.6126544
 */
export function describeBrief(views: ImageViews, keypoints: Turned): Features {
  const { kernels: k, grain } = views;
  using arena = k.arena();
  const pattern = arena.put(comparisons());
  const codes = new Uint8Array(DESCRIPTOR_BYTES * keypoints.count);
  const described = new Uint8Array(keypoints.count);
  for (const { octave, of, points } of pointsByLevel(views, keypoints, BORDER)) {
    using local = k.arena();
    const { at, width, height, stride } = views.level(octave);
    const smooth = local.bytes(stride * (height + 1));
    // Only where samples are taken.
    const tiles = tilesAround(points, width, height);
    const args = [local.put(tiles), at, smooth, stride, width, height, k.scratch(local, 128)];
    k.rows("smoothTiles", tiles.length, args, grain ?? 64);
    const keys = new Float32Array(3 * of.length);
    for (let n = 0; n < of.length; n++) {
      keys[3 * n] = points[2 * n]!;
      keys[3 * n + 1] = points[2 * n + 1]!;
      keys[3 * n + 2] = keypoints.angle[of[n]!]!;
    }
    const out = local.bytes(DESCRIPTOR_BYTES * of.length);
    k.rows("briefDescriptors", of.length, [local.put(keys), smooth, stride, pattern, out], grain ?? 128);
    const found = local.u8(out, DESCRIPTOR_BYTES * of.length);
    for (let n = 0; n < of.length; n++) {
      const i = of[n]!;
      codes.set(found.subarray(DESCRIPTOR_BYTES * n, DESCRIPTOR_BYTES * (n + 1)), DESCRIPTOR_BYTES * i);
      described[i] = 1;
    }
  }
  const kept: number[] = [];
  for (let i = 0; i < keypoints.count; i++) {
    if (described[i] === 0) continue;
    codes.copyWithin(DESCRIPTOR_BYTES * kept.length, DESCRIPTOR_BYTES * i, DESCRIPTOR_BYTES * (i + 1));
    kept.push(i);
  }
  return keepDescribed(keypoints, kept, codes.slice(0, DESCRIPTOR_BYTES * kept.length), DESCRIPTOR_BYTES, "hamming");
}

/** The kernel's tiles, in pixels. */
const TILE_WIDTH = 64;
const TILE_ROWS = 8;

/** The tiles that patches around these points touch, row by row. */
function tilesAround(points: Float32Array, width: number, height: number): Int32Array {
  const across = Math.ceil(width / TILE_WIDTH);
  const touched = new Uint8Array(across * Math.ceil(height / TILE_ROWS));
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!];
    const first = Math.floor((x - BORDER) / TILE_WIDTH);
    const last = Math.floor((x + BORDER) / TILE_WIDTH);
    const end = Math.floor((y + BORDER) / TILE_ROWS);
    for (let b = Math.floor((y - BORDER) / TILE_ROWS); b <= end; b++)
      touched.fill(1, b * across + first, b * across + last + 1);
  }
  const out = new Int32Array(touched.length);
  let count = 0;
  for (let i = 0; i < touched.length; i++) if (touched[i] !== 0) out[count++] = i;
  return out.subarray(0, count);
}

/** Radius of the patch, and the spread of the samples in it. */
const RADIUS = 15;
const SPREAD = 8;
/** Squares of the least and greatest distance of two samples; near ones proved the steadier on real views. */
const NEAREST = 4;
const FURTHEST = 144;
const PATTERN_SEED = 20111;

/** The 256 pairs of samples: normally spread, from a fixed seed. */
function comparisons(): Float32Array {
  const random = seededRandom(PATTERN_SEED);
  // A sum of twelve uniform numbers is normal enough, and exact in every engine.
  const normal = (): number => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += random();
    return SPREAD * sum;
  };
  const out = new Float32Array(4 * 8 * DESCRIPTOR_BYTES);
  for (let n = 0; n < out.length; ) {
    const [x, y, u, v] = [normal(), normal(), normal(), normal()] as const;
    const far = Math.max(x * x + y * y, u * u + v * v) > RADIUS * RADIUS;
    const apart = (x - u) ** 2 + (y - v) ** 2;
    if (far || apart < NEAREST || apart > FURTHEST) continue;
    out.set([x, y, u, v], n);
    n += 4;
  }
  return out;
}
