import { expect, test } from "vitest";
import { type DType, pixelArray, pixelView, rangeOf } from "../../src/core/image.js";
import { seededRandom } from "../../src/core/random.js";
import { kernels } from "../../src/kernel/lane.js";
import * as reference from "../reference/convert.js";

const types: readonly DType[] = ["uint8", "uint16", "int16", "uint32", "float32"];
const widths = [1, 3, 4, 21];

function samples(dtype: DType, width: number, seed: number) {
  const random = seededRandom(seed);
  const [low, high] = dtype === "float32" ? [-1e6, 1e6] : rangeOf(dtype);
  const data = pixelArray(dtype, width * 3);
  for (let i = 0; i < data.length; i++) data[i] = low + (high - low + 1) * random();
  return data;
}

test.each(types)("%s becomes float32, and nodata becomes NaN", (dtype) => {
  for (const width of widths) {
    const data = samples(dtype, width, width);
    if (dtype === "float32" && width > 4) data.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], 2);
    const k = kernels();
    using arena = k.arena();
    const src = arena.put(data);
    const dst = arena.bytes(width * 3 * 4);
    for (const nodata of [undefined, data[0]!]) {
      const known = nodata === undefined ? 0 : 1;
      k.rows("widen", 3, [types.indexOf(dtype), src, width, dst, width, width, 1, 0, known, nodata ?? 0], 2);
      const wanted = reference.widen(data, nodata).map(Math.fround);
      expect([...arena.f32(dst, width * 3)]).toEqual(wanted);
    }
  }
});

test("a weighted sum of bands adds up, and a hole in one band is a hole in the sum", () => {
  const k = kernels();
  using arena = k.arena();
  const red = arena.put(Uint8Array.of(10, 20, 0, 40, 50));
  const green = arena.put(Uint8Array.of(1, 0, 3, 4, 5));
  const dst = arena.bytes(20);
  k.rows("widen", 1, [0, red, 5, dst, 5, 5, 0.5, 0, 1, 0]);
  k.rows("widen", 1, [0, green, 5, dst, 5, 5, 2, 1, 1, 0]);
  expect([...arena.f32(dst, 5)]).toEqual([7, Number.NaN, Number.NaN, 28, 35]);
});

test.each(types)("float32 becomes %s with rounding, clamping and fill", (dtype) => {
  const [low, high] = rangeOf(dtype);
  for (const width of widths) {
    const random = seededRandom(width);
    const values = Float32Array.from({ length: width * 3 }, (_, i) => {
      const special = [0.5, 1.5, 2.5, -0.5, 254.5, 255.5, -1e9, 1e12, Number.NaN, 65534.5, 7];
      return i % 2 === 0 ? special[(i / 2) % special.length]! : -70000 + 140000 * random();
    });
    const k = kernels();
    using arena = k.arena();
    const src = arena.put(values);
    const dst = arena.bytes(width * 3 * 4);
    for (const [fill, keepClear] of [
      [7, false],
      [7, true],
      [Number.isFinite(high) ? high : -9999, true],
      [Number.isFinite(low) ? low : Number.NaN, true],
    ] as const) {
      k.rows("narrow", 3, [types.indexOf(dtype), src, width, dst, width, width, fill, keepClear ? 1 : 0], 2);
      const found = [...pixelView(dtype, k.heap.memory.buffer, dst, width * 3)];
      expect(found).toEqual(reference.narrow(values, dtype, fill, keepClear));
    }
  }
});
