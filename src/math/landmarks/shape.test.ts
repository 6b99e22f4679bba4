import { expect, test } from "vitest";
import { seededRandom } from "../random.js";
import { compose, fitPose, inverse, meanShape, place, poseSpread, type Shape } from "./shape.js";

const shape: Shape = Float64Array.of(0, 0, 4, 0, 4, 3, 1, 2);
const pose = { a: 1.2, b: -0.7, x: 30, y: -11 };
const close = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).forEach((v, i) => {
    expect(v).toBeCloseTo(b[i]!, 9);
  });

test("a pose is found again from what it did, also where points are missing", () => {
  const moved = place(pose, shape);
  moved.set([Number.NaN, Number.NaN], 2);
  const found = fitPose(shape, moved)!;
  close([found.a, found.b, found.x, found.y], [pose.a, pose.b, pose.x, pose.y]);
});

test("a pose and its inverse cancel out", () => {
  const { a, b, x, y } = compose(pose, inverse(pose));
  close([a, b, x, y], [1, 0, 0, 0]);
});

test("one point, or points in one place, have no pose", () => {
  expect(fitPose(shape, Float64Array.of(1, 2, NaN, NaN, NaN, NaN, NaN, NaN))).toBe(undefined);
  expect(fitPose(shape, new Float64Array(8).fill(5))).toBe(undefined);
});

test("the mean of one shape in many poses is that shape, upright, of radius 1", () => {
  const random = seededRandom(2);
  const shapes = Array.from({ length: 9 }, (_, i) => {
    const turn = 0.4 * (random() - 0.5);
    const scale = 20 + 10 * random();
    const moved = place({ a: scale, b: scale * turn, x: 99 * random(), y: 99 * random() }, shape);
    if (i % 3 === 0) moved.fill(Number.NaN, 2 * (i % 4), 2 * (i % 4) + 2);
    return moved;
  });
  const mean = meanShape(shapes);
  const fit = fitPose(shape, mean)!;
  close(place(fit, shape), mean);
  expect(mean.reduce((sum, v) => sum + v * v, 0) / 4).toBeCloseTo(1, 9);
  const spread = poseSpread(mean, shapes);
  expect(spread.angle).toBeLessThan(0.5);
  expect(spread.factor).toBeLessThan(1.4);
});
