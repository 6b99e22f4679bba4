import { describe, expect, test } from "vitest";
import { pixelGrid } from "./grid.js";
import { worldPoints } from "./points.js";
import type { Transform } from "./transform.js";
import { formatTransformFile, parseTransformFile, type TransformFile } from "./transform-json.js";

const grid = pixelGrid(3, 2);
const transforms: readonly Transform[] = [
  { type: "affine", matrix: [0.1, 0.2, 1e-300, -4, 5, 1 / 3] },
  { type: "projective", matrix: [1, 0, 0, 0, 1, 0, 1e-5, 0, 1] },
  {
    type: "tps",
    affine: [1, 0, 0, 0, 1, 0],
    knots: worldPoints([0, 0, 1, 0, 0, 1]),
    weights: Float64Array.of(1, 2, 3, 4, 5, 6),
  },
  { type: "bspline", lattice: grid, coefficients: new Float64Array(12).fill(0.7) },
  { type: "displacement", grid, offsets: Float32Array.of(1, 2, 3, 4, 5, 6, Number.NaN, Number.NaN, 9, 10, 11, 0.1) },
];
const nested: Transform = { type: "sequence", steps: [...transforms, { type: "inverse", of: transforms[2]! }] };

const file = (transform: Transform): TransformFile => ({
  registration: {
    transform,
    fixed: grid,
    verdict: {
      status: "suspect",
      stopped: "converged",
      metrics: { inliers: { value: 12 }, "held-out-rmse": { value: 0.5, unit: "px" } },
      reasons: [{ severity: "warning", code: "few-inliers", message: "Only 12", hint: "Look." }],
    },
  },
  fixed: { file: "a.png", sha256: "00", grid },
  moving: { file: "b.png" },
  provenance: {
    tiepoint: "0.1.0",
    pipeline: "p",
    inputs: [],
    steps: [{ step: "s", plugin: "match/sift", params: {} }],
  },
});

describe("a transform file", () => {
  test.each([...transforms, nested])("gives back what was written ($type)", (transform) => {
    const text = formatTransformFile(file(transform));
    expect(parseTransformFile(text)).toEqual({ ok: true, value: file(transform) });
    expect(formatTransformFile(file(transform))).toBe(text);
  });

  test("tells what else was tried", () => {
    const { registration, ...rest } = file(transforms[0]!);
    const candidates = [
      { method: "SIFT features", chosen: false, status: "failed", metrics: {}, reason: "Too few." },
      { method: "structure", chosen: true, status: "accepted", metrics: { blocks: { value: 90 } }, distance: 0 },
    ] as const;
    const told = { ...rest, registration: { ...registration, verdict: { ...registration.verdict!, candidates } } };
    expect(parseTransformFile(formatTransformFile(told))).toEqual({ ok: true, value: told });
  });

  test("tells how a descent went", () => {
    const { registration, ...rest } = file(transforms[0]!);
    const course = {
      measure: "correlation",
      steps: [
        { level: 3, value: 0.25, step: 40.5 },
        { level: 0, value: Number.NaN, step: 0.001 },
      ],
      capture: { rotation: 0.5, scale: [0.9, 1.1], shift: 0.3 },
      found: { rotation: -0.1, scale: 1.02, shift: 0.05 },
    } as const;
    const told = { ...rest, registration: { ...registration, verdict: { ...registration.verdict!, course } } };
    expect(parseTransformFile(formatTransformFile(told))).toEqual({ ok: true, value: told });
  });

  test("reads like a page", () => {
    expect(formatTransformFile(file(transforms[0]!))).toBe(`{
  "format": "tiepoint/transform",
  "version": 1,
  "maps": "fixed-to-moving",
  "unit": "px",
  "fixed": {
    "file": "a.png",
    "sha256": "00",
    "grid": {
      "width": 3,
      "height": 2,
      "worldFromPixel": [1, 0, 0, 0, 1, 0],
      "crs": "px"
    }
  },
  "moving": { "file": "b.png" },
  "transform": {
    "type": "affine",
    "matrix": [0.1, 0.2, 1e-300, -4, 5, 0.3333333333333333]
  },
  "verdict": {
    "status": "suspect",
    "stopped": "converged",
    "metrics": {
      "inliers": { "value": 12 },
      "held-out-rmse": { "value": 0.5, "unit": "px" }
    },
    "reasons": [
      { "severity": "warning", "code": "few-inliers", "message": "Only 12", "hint": "Look." }
    ]
  },
  "provenance": {
    "tiepoint": "0.1.0",
    "pipeline": "p",
    "inputs": [],
    "steps": [
      {
        "step": "s",
        "plugin": "match/sift",
        "params": {}
      }
    ]
  }
}
`);
  });

  const base = JSON.parse(formatTransformFile(file(transforms[0]!)));
  const wrong = (change: object, expected: string) => [expected, { ...base, ...change }] as const;
  const deep = (n: number): unknown => (n === 0 ? base.transform : { type: "inverse", of: deep(n - 1) });
  test.each([
    wrong({ format: "x" }, 'Expected one of "tiepoint/transform" at format, but found "x"'),
    wrong({ version: 2 }, "Expected a whole number from 1 to 1 at version, but found 2"),
    wrong({ maps: "moving-to-fixed" }, 'Expected one of "fixed-to-moving" at maps, but found "moving-to-fixed"'),
    wrong({ transform: undefined }, "Expected an object at transform, but found nothing"),
    wrong(
      { transform: { type: "affine", matrix: [1, 2] } },
      "Expected a list of 6 numbers at transform.matrix, but found a list of 2",
    ),
    wrong(
      { transform: { type: "affine", matrix: [1, 2, null, 4, 5, 6] } },
      "Expected a finite number at transform.matrix[2], but found null",
    ),
    wrong(
      { transform: { type: "projective", matrix: [1, 0, 0, 0, 1, 0, 0, 0, 0] } },
      "Expected a matrix whose last element is 1 at transform.matrix, but found a list of 9",
    ),
    wrong(
      {
        transform: {
          type: "displacement",
          grid: { ...grid, width: 60000, height: 60000 },
          offsets: { float32: "AAAA" },
        },
      },
      'Expected 7200000000 float32 numbers in base64 at transform.offsets.float32, but found "AAAA"',
    ),
    wrong(
      { transform: { type: "tps", affine: [1, 0, 0, 0, 1, 0], knots: [0, 0, 1, 1], weights: [0, 0, 0, 0] } },
      "Expected x and y of at least 3 points at transform.knots, but found a list of 4",
    ),
    wrong(
      {
        transform: {
          type: "sequence",
          steps: Array(2).fill({
            ...{ type: "tps", affine: [1, 0, 0, 0, 1, 0] },
            knots: Array(120_000).fill(0),
            weights: Array(120_000).fill(0),
          }),
        },
      },
      "Expected at most 100000 knots in all at transform.steps[1].knots, but found a list of 120000",
    ),
    wrong(
      { transform: { type: "bspline", lattice: { ...grid, width: 2 ** 26, height: 2 ** 26 }, coefficients: [1] } },
      "Expected a list of 9007199254740992 numbers at transform.coefficients, but found a list of 1",
    ),
    wrong(
      { transform: deep(40) },
      `Expected transforms nested at most 32 deep at transform${".of".repeat(33)}, but found an object`,
    ),
    wrong(
      { fixed: { grid: { ...grid, width: 0 } } },
      "Expected a whole number from 1 to 67108864 at fixed.grid.width, but found 0",
    ),
    wrong(
      { verdict: { status: "accepted", course: { measure: "correlation", steps: Array(20_001).fill([0, 0, 0]) } } },
      "Expected a list of at most 20000 elements at verdict.course.steps, but found a list of 20001",
    ),
    wrong(
      { verdict: { status: "accepted", course: { measure: "correlation", steps: [[1e9, 0, 0]] } } },
      "Expected a whole number from 0 to 64 at verdict.course.steps[0][0], but found 1000000000",
    ),
    wrong(
      { verdict: { status: "accepted", course: { measure: "correlation", steps: [[0, 0]] } } },
      "Expected level, measure and length of a step at verdict.course.steps[0], but found a list of 2",
    ),
  ])("is refused: %s", (message, value) => {
    const result = parseTransformFile(JSON.stringify(value));
    expect(result).toMatchObject({ ok: false, diagnostics: [{ code: "not-a-transform-file", message }] });
  });

  test.each(["", "[", "[".repeat(1e6), "nothing"])("what is no JSON is refused (%#)", (text) => {
    expect(parseTransformFile(text)).toMatchObject({ ok: false, diagnostics: [{ code: "not-json" }] });
  });
});
