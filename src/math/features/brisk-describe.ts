import { cos, sin } from "../elementary.js";
import { keepDescribed, type Turned } from "./frame.js";
import { type Features, type Keypoints, pickKeypoints } from "./keypoints.js";
import { CORNER_SCALE, type ImageViews } from "./views.js";

const BYTES = 64;
/** Rings around the keypoint: how many points, and how far out at size 1, in pixels [1, figure 4]. */
const RINGS = [
  [1, 0],
  [10, 4.11],
  [14, 6.94],
  [15, 10.48],
  [20, 15.3],
] as const;
/** A point's square is as wide as points of a ring are apart, times this. */
const OVERLAP = 1.3;
const CENTRE_HALF = 0.92;
/** Pairs are compared when they are nearer, and give the direction when they are further apart, at size 1. */
const COMPARED = 512;
const FAR = 13.67;
/** How far squares reach at size 1. */
const REACH = 19;
/** The same in sizes of the keypoint, and half a size for the pixels that are covered in part. */
export const BRISK_REACH = REACH / CORNER_SCALE + 0.5;

interface Pattern {
  /** x, y and half the side of each point's square, at size 1. */
  readonly points: Float32Array;
  /** The nearest pairs, first and second point: as many as there are bits. */
  readonly near: Uint32Array;
  /** Far pairs, first and second point, with their difference over its squared length. */
  readonly far: DataView;
  readonly farCount: number;
}

/** The points, and the pairs of them. */
export function briskPattern(): Pattern {
  const points: number[] = [];
  for (const [count, radius] of RINGS) {
    const half = radius === 0 ? CENTRE_HALF : OVERLAP * radius * sin(Math.PI / count);
    for (let i = 0; i < count; i++) {
      const angle = (2 * Math.PI * i) / count;
      points.push(radius * cos(angle), radius * sin(angle), half);
    }
  }
  const total = points.length / 3;
  const pairs: { i: number; j: number; dx: number; dy: number; square: number }[] = [];
  for (let j = 1; j < total; j++) {
    for (let i = 0; i < j; i++) {
      const [dx, dy] = [points[3 * j]! - points[3 * i]!, points[3 * j + 1]! - points[3 * i + 1]!];
      pairs.push({ i, j, dx, dy, square: Math.fround(dx * dx + dy * dy) });
    }
  }
  const far = pairs.filter((p) => p.square > FAR * FAR);
  const view = new DataView(new ArrayBuffer(16 * far.length));
  far.forEach(({ i, j, dx, dy, square }, n) => {
    view.setUint32(16 * n, i, true);
    view.setUint32(16 * n + 4, j, true);
    view.setFloat32(16 * n + 8, dx / square, true);
    view.setFloat32(16 * n + 12, dy / square, true);
  });
  const near = pairs.sort((a, b) => a.square - b.square || a.j - b.j || a.i - b.i).slice(0, COMPARED);
  return {
    points: Float32Array.from(points),
    near: Uint32Array.from(near.flatMap(({ i, j }) => [i, j])),
    far: view,
    farCount: far.length,
  };
}

/** Those whose pattern lies in the image. */
function inside(views: ImageViews, k: Keypoints): number[] {
  const kept: number[] = [];
  for (let i = 0; i < k.count; i++) {
    const reach = (REACH * k.scale[i]!) / CORNER_SCALE + 1;
    const [x, y] = [k.x[i]!, k.y[i]!];
    if (x >= reach && y >= reach && x <= views.width - 1 - reach && y <= views.height - 1 - reach) kept.push(i);
  }
  return kept;
}

/** Directions as BRISK finds them: the mean gradient over far pairs of points. Drops keypoints whose pattern leaves the image. */
export function briskDirections(views: ImageViews, keypoints: Keypoints): Turned {
  const { kernels: k, grain = 64 } = views;
  using arena = k.arena();
  const kept = pickKeypoints(keypoints, inside(views, keypoints));
  const keys = new Float32Array(3 * kept.count);
  for (let i = 0; i < kept.count; i++) keys.set([kept.x[i]!, kept.y[i]!, kept.scale[i]! / CORNER_SCALE], 3 * i);
  const { at, stride } = views.integral;
  const { points, far, farCount } = briskPattern();
  const out = arena.bytes(4 * kept.count);
  const pairs = arena.put(new Uint8Array(far.buffer));
  const args = [arena.put(keys), at, stride, arena.put(points), pairs, farCount, out, k.scratch(arena, 256)];
  k.rows("briskDirections", kept.count, args, grain);
  return { ...kept, angle: arena.f32(out, kept.count).slice() };
}

/**
 * BRISK's descriptor: 512 comparisons of means over squares around the keypoint, on rings, turned with it [1]. Keypoints whose
 * pattern leaves the image are left out.
 *
 * [1] S. Leutenegger, M. Chli, R. Siegwart, "BRISK: Binary robust invariant scalable keypoints", ICCV 2011,
 *     doi:10.1109/ICCV.2011.6126542
 */
export function describeBrisk(views: ImageViews, keypoints: Turned): Features {
  const { kernels: k, grain = 64 } = views;
  using arena = k.arena();
  const kept = inside(views, keypoints);
  const keys = new Float32Array(4 * kept.length);
  for (const [n, i] of kept.entries())
    keys.set([keypoints.x[i]!, keypoints.y[i]!, keypoints.scale[i]! / CORNER_SCALE, keypoints.angle[i]!], 4 * n);
  const { at, stride } = views.integral;
  const { points, near } = briskPattern();
  const out = arena.bytes(BYTES * kept.length);
  const args = [arena.put(keys), at, stride, arena.put(points), arena.put(near), out, k.scratch(arena, 256)];
  k.rows("briskDescriptors", kept.length, args, grain);
  return keepDescribed(keypoints, kept, arena.u8(out, BYTES * kept.length).slice(), BYTES, "hamming");
}
