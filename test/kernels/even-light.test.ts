import { expect, test } from "vitest";
import { type DType, pixelArray, pixelView, rangeOf } from "../../src/core/image.js";
import { seededRandom } from "../../src/core/random.js";
import { kernels } from "../../src/kernel/lane.js";
import { narrow, widen } from "../reference/convert.js";
import { evenLight } from "../reference/even-light.js";

const types: readonly DType[] = ["uint8", "uint16", "int16", "uint32", "float32"];
const rows = 3;

test.each(types)("light is taken out of %s as the reference does, in place", (dtype) => {
  for (const width of [1, 3, 4, 21]) {
    for (const options of [{ dark: true }, { dark: false }, { dark: true, nodata: 0 }]) {
      const random = seededRandom(width + (options.nodata === 0 ? 100 : 0));
      const [low, high] = dtype === "float32" ? [-1e4, 1e4] : [Math.max(0, rangeOf(dtype)[0]), rangeOf(dtype)[1] / 2];
      const data = pixelArray(dtype, width * rows);
      for (let i = 0; i < data.length; i++) data[i] = i % 7 === 2 ? 0 : low + (high - low) * random();
      const stride = width + 5;
      const plane = (of: (i: number) => number) => Float32Array.from({ length: stride * rows }, (_, i) => of(i));
      const light = plane((i) => (i % 9 === 4 ? [0, -1, Number.NaN][i % 3]! : 0.4 + random()));
      const dark = plane(() => 20 * random());
      const k = kernels();
      using arena = k.arena();
      const at = arena.put(data);
      const fill = options.nodata ?? (dtype === "float32" ? Number.NaN : 0);
      k.rows(
        "evenLight",
        rows,
        [
          ...[
            types.indexOf(dtype),
            at,
            width,
            arena.put(light),
            options.dark ? arena.put(dark) : 0,
            3.5,
            stride,
            width,
            7.5,
          ],
          ...[options.nodata === undefined ? 0 : 1, options.nodata ?? 0, fill, options.nodata === undefined ? 0 : 1],
        ],
        2,
      );
      const dense = (padded: Float32Array) =>
        Array.from({ length: width * rows }, (_, i) => padded[Math.floor(i / width) * stride + (i % width)]!);
      const values = widen(data, options.nodata).map(Math.fround);
      const wanted = evenLight(values, dense(light), options.dark ? dense(dark) : 3.5, 7.5);
      const found = [...pixelView(dtype, k.heap.memory.buffer, at, width * rows)];
      expect(found).toEqual(narrow(wanted, dtype, fill, options.nodata !== undefined));
    }
  }
});
