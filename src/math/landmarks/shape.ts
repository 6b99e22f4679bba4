import { atan2, exp, log } from "../elementary.js";

/** Points of one image, interleaved [x0, y0, x1, y1, …]; NaN where one is missing. */
export type Shape = Float64Array;

/** A similarity without reflection: p goes to (a −b; b a) p + (x, y). */
export interface Pose {
  readonly a: number;
  readonly b: number;
  readonly x: number;
  readonly y: number;
}

export function place(pose: Pose, shape: Shape): Shape {
  const out = new Float64Array(shape.length);
  for (let i = 0; i < shape.length; i += 2) {
    out[i] = pose.a * shape[i]! - pose.b * shape[i + 1]! + pose.x;
    out[i + 1] = pose.b * shape[i]! + pose.a * shape[i + 1]! + pose.y;
  }
  return out;
}

/** The pose that applies `first`, then `then`. */
export const compose = (first: Pose, then: Pose): Pose => ({
  a: then.a * first.a - then.b * first.b,
  b: then.b * first.a + then.a * first.b,
  x: then.a * first.x - then.b * first.y + then.x,
  y: then.b * first.x + then.a * first.y + then.y,
});

export function inverse({ a, b, x, y }: Pose): Pose {
  const n = a * a + b * b;
  return { a: a / n, b: -b / n, x: -(a * x + b * y) / n, y: (b * x - a * y) / n };
}

export const scaleOf = (pose: Pose): number => Math.sqrt(pose.a * pose.a + pose.b * pose.b);
/** Radians in (−π, π]. */
export const angleOf = (pose: Pose): number => atan2(pose.b, pose.a);

/**
 * The pose that brings `from` nearest to `to` by least squares, over the points that both have.
 *
 * @param weight  one per point; all 1 when absent
 * @returns `undefined` for fewer than two points, or points that all lie in one place
 */
export function fitPose(from: Shape, to: Shape, weight?: ArrayLike<number>): Pose | undefined {
  let [n, count, fx, fy, tx, ty] = [0, 0, 0, 0, 0, 0];
  const has = (i: number) => !Number.isNaN(from[i]! + from[i + 1]! + to[i]! + to[i + 1]!);
  for (let i = 0; i < from.length; i += 2) {
    if (!has(i)) continue;
    const w = weight ? weight[i / 2]! : 1;
    n += w;
    count += w > 0 ? 1 : 0;
    fx += w * from[i]!;
    fy += w * from[i + 1]!;
    tx += w * to[i]!;
    ty += w * to[i + 1]!;
  }
  if (count < 2) return undefined;
  let [a, b, square] = [0, 0, 0];
  for (let i = 0; i < from.length; i += 2) {
    if (!has(i)) continue;
    const w = weight ? weight[i / 2]! : 1;
    const [px, py] = [from[i]! - fx / n, from[i + 1]! - fy / n];
    const [qx, qy] = [to[i]! - tx / n, to[i + 1]! - ty / n];
    a += w * (px * qx + py * qy);
    b += w * (px * qy - py * qx);
    square += w * (px * px + py * py);
  }
  if (!(square > 0) || !(a * a + b * b > 0)) return undefined;
  a /= square;
  b /= square;
  return { a, b, x: (tx - a * fx + b * fy) / n, y: (ty - b * fx - a * fy) / n };
}

/**
 * The mean of shapes after each is moved, turned and scaled to fit it (generalised Procrustes analysis [1]); points that a
 * shape lacks do not count. Its centre is (0, 0), the root of its mean square radius is 1, and it stands upright as the shapes do on average.
 *
 * @param shapes  each with two points or more; every point in one shape at least
 *
 * [1] J. C. Gower, "Generalized Procrustes analysis", Psychometrika 40 (1975), doi:10.1007/BF02291478
 */
export function meanShape(shapes: readonly Shape[]): Shape {
  const present = (shape: Shape) => shape.reduce((n, v) => n + (Number.isNaN(v) ? 0 : 1), 0);
  const fullest = shapes.reduce((best, shape) => (present(shape) > present(best) ? shape : best));
  let mean = normalised(fullest);
  for (let round = 0; round < 12; round++) {
    const sum = new Float64Array(mean.length);
    const count = new Float64Array(mean.length);
    for (const shape of shapes) {
      const pose = fitPose(shape, mean);
      if (!pose) continue;
      place(pose, shape).forEach((v, i) => {
        if (Number.isNaN(v)) return;
        sum[i] = sum[i]! + v;
        count[i] = count[i]! + 1;
      });
    }
    mean = normalised(sum.map((v, i) => (count[i]! > 0 ? v / count[i]! : Number.NaN)));
  }
  return upright(mean, shapes);
}

/** Moved and scaled to centre (0, 0) and radius 1. */
function normalised(shape: Shape): Shape {
  let [n, x, y, square] = [0, 0, 0, 0];
  for (let i = 0; i < shape.length; i += 2) {
    if (Number.isNaN(shape[i]!)) continue;
    n++;
    x += shape[i]!;
    y += shape[i + 1]!;
  }
  for (let i = 0; i < shape.length; i += 2) {
    if (!Number.isNaN(shape[i]!)) square += (shape[i]! - x / n) ** 2 + (shape[i + 1]! - y / n) ** 2;
  }
  const scale = 1 / Math.sqrt(square / n);
  return shape.map((v, i) => scale * (v - (i % 2 === 0 ? x : y) / n));
}

function upright(mean: Shape, shapes: readonly Shape[]): Shape {
  let [a, b] = [0, 0];
  for (const shape of shapes) {
    const pose = fitPose(mean, shape);
    if (!pose) continue;
    a += pose.a / scaleOf(pose);
    b += pose.b / scaleOf(pose);
  }
  const length = Math.sqrt(a * a + b * b);
  return length > 1e-6 * shapes.length ? place({ a: a / length, b: b / length, x: 0, y: 0 }, mean) : mean;
}

/** How the poses of training shapes spread about the mean shape. */
export interface PoseSpread {
  /** Geometric mean of the scales: the radius of a shape, in the shapes' unit. */
  readonly radius: number;
  /** Largest angle to the upright, radians, and largest factor of scale to `radius`, with some room. */
  readonly angle: number;
  readonly factor: number;
}

export function poseSpread(mean: Shape, shapes: readonly Shape[]): PoseSpread {
  const poses = shapes.flatMap((shape) => fitPose(mean, shape) ?? []);
  const logs = poses.map((pose) => log(scaleOf(pose)));
  const middle = logs.reduce((sum, v) => sum + v, 0) / logs.length;
  const furthest = logs.reduce((most, v) => Math.max(most, Math.abs(v - middle)), 0);
  const angle = poses.reduce((most, pose) => Math.max(most, Math.abs(angleOf(pose))), 0);
  return {
    radius: exp(middle),
    angle: Math.min(Math.PI, 1.2 * angle + Math.PI / 18),
    factor: exp(1.2 * furthest + 0.05),
  };
}
