import { expect, test } from "vitest";
import {
  coverageCounts,
  coverageFigure,
  exaggeration,
  frameFigure,
  residualHistogram,
  split,
  type TiePoints,
  thin,
  tiePointFigure,
  vectorFigure,
} from "./charts.js";
import { bytes, fixed, niceStep, number, quantile, seconds } from "./numbers.js";

const backdrop = { href: "data:image/webp;base64,AA==", width: 100, height: 80 };

/** Tie points on a line whose transform misses each by (dx, 0). */
function along(misses: readonly number[], inlier?: readonly number[]): TiePoints {
  const fixed = Float64Array.from(misses.flatMap((_, i) => [i * 10, i * 8]));
  const predicted = fixed.map((v, k) => (k % 2 === 0 ? v + misses[k >> 1]! : v));
  return {
    fixed,
    moving: fixed,
    predicted,
    residual: Float64Array.from(misses, Math.abs),
    ...(inlier ? { inlier: Uint8Array.from(inlier) } : {}),
  };
}

test("tie points are split into kept and rejected; all are kept while nobody judged them", () => {
  expect(split(along([1, 2, 3], [1, 0, 1]))).toEqual({ kept: [0, 2], rejected: [1] });
  expect(split(along([1, 2, 3]))).toEqual({ kept: [0, 1, 2], rejected: [] });
});

test("a drawing of very many points takes evenly spread ones", () => {
  const all = Array.from({ length: 1000 }, (_, i) => i);
  expect(thin(all, 4)).toEqual([0, 250, 500, 750]);
  expect(thin([3, 1], 4)).toEqual([3, 1]);
  const many = along(Array.from({ length: 20_000 }, () => 1));
  expect(tiePointFigure(many, backdrop, backdrop).text.length).toBeLessThan(200_000);
});

test("kept points are rings, rejected ones crosses, and lines join kept ones only", () => {
  const text = tiePointFigure(along([0, 0, 0], [1, 0, 1]), backdrop, backdrop).text;
  const path = (name: string) => new RegExp(`class="${name}" d="([^"]*)"`).exec(text)![1]!;
  expect(path("inlier").match(/M/g)).toHaveLength(4);
  expect(path("outlier").match(/M/g)).toHaveLength(2);
  expect(path("link").match(/M/g)).toHaveLength(2);
});

test("pictures of different height are drawn equally high, points with them", () => {
  const text = tiePointFigure(along([0]), backdrop, { ...backdrop, width: 50, height: 40 }).text;
  expect(text.match(/height="80"/g)).toHaveLength(2);
});

test("arrows are drawn as much longer as is said", () => {
  const points = along([2, 2, 2, 2]);
  const wide = { ...backdrop, width: 600 };
  expect(exaggeration(points, wide)).toBe(5);
  expect(vectorFigure(points, wide, 5).text).toContain("M10 8L20 8");
  expect(exaggeration(along([90, 90, 90]), wide)).toBe(1);
  expect(exaggeration(along([0, 0]), wide)).toBe(1);
});

test("the histogram marks median and root mean square, and counts what lies beyond", () => {
  const text = residualHistogram(along([...Array.from({ length: 300 }, (_, i) => (i % 10) / 10), 500])).text;
  expect(text).toContain("median 0.500 px");
  expect(text).toContain("(1 beyond the right edge)");
  const bars = [...text.matchAll(/class="bar"/g)];
  expect(bars.length).toBeGreaterThan(5);
  expect(residualHistogram(along([])).text).toContain("No residuals");
  expect(residualHistogram(along([0, 0, 0])).text).not.toMatch(/NaN|Infinity/);
});

test("coverage counts kept points per field and strikes empty fields through", () => {
  const points: TiePoints = { ...along([0, 0, 0], [1, 1, 0]), fixed: Float64Array.from([0, 0, 99, 79, 50, 40]) };
  expect(Array.from(coverageCounts(points, backdrop, 2))).toEqual([1, 0, 0, 1]);
  const { figure, filled } = coverageFigure(points, backdrop, 2);
  expect(filled).toBe(2);
  expect(figure.text.match(/class="hatch"/g)).toHaveLength(2);
  expect(figure.text.match(/class="filled"/g)).toHaveLength(2);
});

test("the frame of the fixed image leaves out what the transform cannot map", () => {
  const nodes = Float64Array.from([0, 0, 10, 0, Number.NaN, Number.NaN, 10, 10]);
  const text = frameFigure(nodes, 1, backdrop).text;
  expect(text).not.toContain("NaN");
  expect(text).toContain("M0 0L10 0");
});

test("numbers are told with as many digits as help", () => {
  expect([0, 0.61234, 12.345, 1234.5, 12345678, -0.00001, 1e12].map((v) => number(v))).toEqual([
    "0",
    "0.612",
    "12.3",
    "1235",
    "12\u202f345\u202f678",
    "−1.00e−5",
    "1.00e12",
  ]);
  expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((v) => number(v))).toEqual([
    "not known",
    "∞",
    "−∞",
  ]);
  expect(fixed(-0.0001, 2)).toBe("0.00");
  expect(fixed(-1234567.891, 2)).toBe("−1\u202f234\u202f567.89");
  expect([0, 0.042, 3.162, 42.42, 125, 4320].map(seconds)).toEqual([
    "0 s",
    "0.042 s",
    "3.16 s",
    "42.4 s",
    "2 min 05 s",
    "1 h 12 min",
  ]);
  expect([12, 1500, 9_437_184, 25_165_824, 999_999_999].map(bytes)).toEqual([
    "12 B",
    "1.5 kB",
    "9.4 MB",
    "25 MB",
    "1 GB",
  ]);
});

test("steps of axes are 1, 2 or 5 times a power of ten, and not below what is asked", () => {
  expect([0.003, 0.7, 1, 1.01, 3, 7, 80].map(niceStep)).toEqual(
    [0.005, 1, 1, 2, 5, 10, 100].map((v) => expect.closeTo(v, 9)),
  );
  expect(niceStep(0)).toBe(1);
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([], 0.5)).toBeNaN();
});
