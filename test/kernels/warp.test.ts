import { expect, test } from "vitest";
import type { Window } from "../../src/core/grid.js";
import { type DType, pixelArray, pixelView, rangeOf } from "../../src/core/image.js";
import { interpolations } from "../../src/core/interpolation.js";
import { seededRandom } from "../../src/core/random.js";
import type { Matrix3 } from "../../src/core/transform.js";
import { kernels } from "../../src/kernel/lane.js";
import { splineWindow } from "../../src/math/spline-band.js";
import { warpBand } from "../../src/math/warp-kernel.js";
import * as convert from "../reference/convert.js";
import { maxDifference, noise, type Plane } from "../reference/plane.js";
import * as reference from "../reference/warp.js";

const nan = Number.NaN;

interface Case {
  source: Plane;
  dtype?: DType;
  to?: DType;
  method: reference.Method;
  matrix: Matrix3;
  out: Window;
  nodata?: number;
  fill?: number;
  keepClear?: boolean;
  /** Window of the source that is in memory; all of it when absent. */
  part?: Window;
}

function run(c: Case): number[] {
  const { source, dtype = "float32", to = dtype, out } = c;
  const image = { width: source.width, height: source.height };
  const pulled = c.part ?? { x: 0, y: 0, ...image };
  const part = c.method === "bspline3" ? splineWindow(pulled, image) : pulled;
  const data = pixelArray(dtype, part.width * part.height);
  for (let y = 0; y < part.height; y++)
    for (let x = 0; x < part.width; x++)
      data[y * part.width + x] = source.data[(part.y + y) * source.width + part.x + x]!;
  using arena = kernels().arena();
  const at = arena.put(data);
  const target = arena.bytes(out.width * out.height * 4);
  warpBand(
    arena,
    { at, dtype, stride: part.width, window: part, spline: { image, part: pulled } },
    { at: target, dtype: to, stride: out.width, window: out },
    c.matrix,
    {
      interpolation: c.method,
      ...(c.nodata === undefined ? {} : { nodata: c.nodata }),
      fill: c.fill ?? (to === "float32" ? nan : 0),
      keepClear: c.keepClear ?? false,
    },
  );
  return [...pixelView(to, kernels().heap.memory.buffer, target, out.width * out.height)];
}

const expected = (c: Case): Plane =>
  reference.warp(
    { ...c.source, data: Float64Array.from(convert.widen(c.source.data, c.nodata)) },
    c.method,
    c.matrix,
    c.out,
  );

/** A map near the identity, with some rotation, scale, shear and shift; with perspective when asked. */
function someMatrix(seed: number, size: number, perspective: boolean): Matrix3 {
  const random = seededRandom(seed);
  const r = (half: number) => (2 * random() - 1) * half;
  const tilt = perspective ? 0.2 / size : 0;
  return [1 + r(0.4), r(0.5), r(size / 4), r(0.5), 1 + r(0.4), r(size / 4), r(tilt), r(tilt), 1];
}

const sizes = [
  [1, 1],
  [1, 13],
  [13, 1],
  [2, 2],
  [37, 29],
  [150, 90],
] as const;

test.each(interpolations)("%s agrees with its reference on float32, holes and borders included", (method) => {
  let compared = 0;
  for (const [width, height] of sizes) {
    for (const holes of [0, 0.05, 0.6]) {
      for (let seed = 1; seed <= 6; seed++) {
        const source = noise(seed, width, height, { holes });
        const matrix = someMatrix(seed + 100 * width, Math.max(width, height), seed % 2 === 0);
        const c: Case = { source, method, matrix, out: { x: -7, y: -5, width: width + 14, height: height + 11 } };
        const found = run(c);
        // Positions are exact to some 1e-5 pixel, and neighbours differ by up to 255.
        expect(maxDifference(found, expected(c).data)).toBeLessThan(0.02);
        compared += found.filter((v) => !Number.isNaN(v)).length;
      }
    }
  }
  expect(compared).toBeGreaterThan(50_000);
});

const types: readonly DType[] = ["uint8", "uint16", "int16", "uint32", "float32"];

test.each(types)("%s is sampled and written with rounding, clamping and nodata", (dtype) => {
  const [low, high] = dtype === "float32" ? [-1000, 1000] : rangeOf(dtype);
  const source = noise(5, 61, 47, { low, high: high + 1, whole: true });
  const nodata = source.data[100]!;
  for (const to of new Set<DType>([dtype, "float32"])) {
    for (const method of interpolations) {
      for (const perspective of [false, true]) {
        const out = { x: -3, y: -4, width: 70, height: 55 };
        const c: Case = {
          ...{ source, dtype, to, method, nodata, fill: nodata, keepClear: true, out },
          matrix: someMatrix(17, 60, perspective),
        };
        const wanted = convert.narrow(expected(c).data, to, nodata, method !== "nearest" && to !== "float32");
        // Rounding may fall either way; positions are good to 1e-5 of a range of up to 2^32.
        const tolerance = method === "nearest" ? 0 : (high - low) * 2e-5 + 1.01;
        expect(maxDifference(run(c), wanted)).toBeLessThanOrEqual(
          dtype === "uint32" && to === "float32" ? Math.max(tolerance, 256) : tolerance,
        );
      }
    }
  }
});

test("maps onto whole samples give those samples back, to the bit", () => {
  const source = noise(6, 70, 66, { high: 65536, whole: true });
  const maps: Record<string, Matrix3> = {
    identity: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    shift: [1, 0, 5, 0, 1, -3, 0, 0, 1],
    quarterTurn: [0, 1, 0, -1, 0, 69, 0, 0, 1],
    flip: [-1, 0, 69, 0, 1, 0, 0, 0, 1],
  };
  for (const matrix of Object.values(maps)) {
    for (const method of interpolations) {
      const c: Case = { source, dtype: "uint16", method, matrix, out: { x: 0, y: 0, width: 70, height: 70 } };
      const wanted = [...convert.narrow(expected(c).data, "uint16", 0, false)];
      // Those that blur do so here, too, and may round either way.
      if (method === "mitchell" || method === "cubic-smooth") expect(maxDifference(run(c), wanted)).toBeLessThan(1.01);
      else expect(run(c)).toEqual(wanted);
    }
  }
});

test("labels of every size of integer are copied exactly", () => {
  const source = noise(7, 40, 30, { low: 4294960000, high: 4294967296, whole: true });
  const c: Case = {
    ...{ source, dtype: "uint32", method: "nearest", out: { x: 0, y: 0, width: 50, height: 40 } },
    matrix: someMatrix(3, 40, true),
  };
  expect(run(c)).toEqual(convert.narrow(expected(c).data, "uint32", 0, false));
});

test.each(interpolations)("%s gives the same bits for any cut of the output and of the source", (method) => {
  for (const perspective of [false, true]) {
    const source = noise(8, 200, 180, { holes: 0.01 });
    const matrix = someMatrix(9, 50, perspective);
    const whole = run({ source, method, matrix, out: { x: 0, y: 0, width: 200, height: 150 } });
    for (const out of [
      { x: 3, y: 0, width: 60, height: 150 },
      { x: 61, y: 71, width: 5, height: 7 },
      { x: 130, y: 33, width: 70, height: 117 },
    ]) {
      const cut = [];
      for (let y = out.y; y < out.y + out.height; y++)
        cut.push(...whole.slice(y * 200 + out.x, y * 200 + out.x + out.width));
      expect(run({ source, method, matrix, out })).toEqual(cut);
    }
  }
  const matrix: Matrix3 = [1, 0.1, 20.3, -0.1, 1, 30.6, 0, 0, 1];
  const out = { x: 0, y: 0, width: 50, height: 50 };
  const source = noise(8, 200, 180);
  const part = { x: 14, y: 19, width: 73, height: 73 };
  expect(run({ source, method, matrix, out, part })).toEqual(run({ source, method, matrix, out }));
});

test("a strong reduction, a horizon and a map that is not finite are safe", () => {
  const source = noise(10, 300, 300);
  const out = { x: 0, y: 0, width: 40, height: 30 };
  for (const method of interpolations) {
    const shrink: Case = { source, method, matrix: [100, 3, -500, -2, 90, 0, 0, 0, 1], out };
    expect(maxDifference(run(shrink), expected(shrink).data)).toBeLessThan(0.05);
    const horizon: Case = { source, method, matrix: [10, 0, 3.3, 0, 10, 4.4, -0.049, 0.0003, 1], out };
    expect(maxDifference(run(horizon), expected(horizon).data)).toBeLessThan(0.05);
    expect(run({ source, method, matrix: [nan, 0, 0, 0, 1, 0, 0, 0, 1], out }).every(Number.isNaN)).toBe(true);
    const away: Case = { source, method, matrix: [1, 0, 1e12, 0, 1, 0, 0, 0, 1], out };
    expect(run(away).every(Number.isNaN)).toBe(true);
  }
});

test("infinity and the largest numbers stay out of the result", () => {
  const source = noise(11, 9, 9);
  source.data[40] = Number.POSITIVE_INFINITY;
  source.data[10] = 3.4e38;
  for (const method of interpolations) {
    const c: Case = {
      source,
      method,
      matrix: [0.7, 0, 0.3, 0, 0.7, 0.4, 0, 0, 1],
      out: { x: 0, y: 0, width: 12, height: 12 },
    };
    for (const v of run(c)) expect(Number.isNaN(v) || Number.isFinite(v)).toBe(true);
  }
});

test("far from the origin uint16 is within half a grey level of the exact kernel", () => {
  const random = seededRandom(12);
  const source = noise(12, 90, 90, { high: 65536, whole: true });
  for (const tilt of [0, 1e-5]) {
    const far = 30_000;
    const a = 0.97 + 0.01 * random();
    // The map goes through (far, far) at both ends.
    const matrix: Matrix3 = [a, 0.15, far * (0.85 - a), -0.15, a, far * (1.15 - a), tilt, -tilt, 1];
    const place = { x: far - 20, y: far - 20, width: 60, height: 60 };
    const part = { x: far - 45, y: far - 45, width: 90, height: 90 };
    const moved: Matrix3 = [
      ...[matrix[0] - part.x * matrix[6], matrix[1] - part.x * matrix[7], matrix[2] - part.x * matrix[8]],
      ...[matrix[3] - part.y * matrix[6], matrix[4] - part.y * matrix[7], matrix[5] - part.y * matrix[8]],
      ...[matrix[6], matrix[7], matrix[8]],
    ] as unknown as Matrix3;
    const wanted = reference.warp(source, "cubic", moved, place).data;
    using arena = kernels().arena();
    const at = arena.put(Uint16Array.from(source.data));
    const target = arena.bytes(60 * 60 * 2);
    warpBand(
      arena,
      { at, dtype: "uint16", stride: 90, window: part },
      { at: target, dtype: "uint16", stride: 60, window: place },
      matrix,
      { interpolation: "cubic", fill: 0, keepClear: false },
    );
    const found = arena.u16(target, 3600);
    let sum = 0;
    let count = 0;
    wanted.forEach((v, i) => {
      if (Number.isNaN(v)) return;
      sum += (Math.min(Math.max(v, 0), 65535) - found[i]!) ** 2;
      count++;
    });
    expect(count).toBeGreaterThan(2000);
    expect(Math.sqrt(sum / count)).toBeLessThan(0.5);
  }
});
