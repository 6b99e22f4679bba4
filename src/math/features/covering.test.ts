import { expect, test } from "vitest";
import { seededRandom } from "../random.js";
import { covering } from "./covering.js";

const [width, height] = [400, 300];
/** A thousand points, nine of ten of them in the left quarter, where they are also ten times stronger. */
const random = seededRandom(5);
const points = Array.from({ length: 1000 }, (_, i) => {
  const left = i % 10 !== 0;
  return { x: left ? 100 * random() : 100 + 299 * random(), y: 299 * random(), response: random() * (left ? 10 : 1) };
}).sort((a, b) => b.response - a.response);
const k = {
  x: Float64Array.from(points, (p) => p.x),
  y: Float64Array.from(points, (p) => p.y),
  response: Float32Array.from(points, (p) => p.response),
};
const order = Uint32Array.from(points.keys());
const outside = (kept: Uint32Array) => kept.filter((i) => k.x[i]! >= 100).length;

test("takes as many as were asked for, in order, and the sparse ones first", () => {
  const kept = covering(k, order, 150, { width, height }, 0);
  expect(kept).toHaveLength(150);
  expect(Array.from(kept)).toEqual(Array.from(kept).sort((a, b) => a - b));
  // Three quarters of the image hold 100 of the points; the strongest 150 are all in the left quarter.
  expect(outside(kept)).toBeGreaterThan(60);
  expect(outside(order.slice(0, 150))).toBeLessThan(3);
  expect(covering(k, order, 150, { width, height }, 0)).toEqual(kept);
});

test("gives way less the nearer spread is to 1", () => {
  const shares = [0, 0.5, 0.9, 0.99].map((spread) => outside(covering(k, order, 150, { width, height }, spread)));
  expect(shares).toEqual([...shares].sort((a, b) => b - a));
  expect(shares[3]).toBeLessThan(15);
});

test("few points, no points and points in one place are safe", () => {
  expect(covering(k, order.slice(0, 5), 10, { width, height }, 0)).toHaveLength(5);
  expect(covering(k, new Uint32Array(0), 10, { width, height }, 0)).toHaveLength(0);
  expect(covering(k, order, 0, { width, height }, 0)).toHaveLength(0);
  const same = { x: new Float64Array(50), y: new Float64Array(50), response: new Float32Array(50).fill(1) };
  expect(covering(same, Uint32Array.from(same.x.keys()), 20, { width, height }, 0)).toHaveLength(20);
});
