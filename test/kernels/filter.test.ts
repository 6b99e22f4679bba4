import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import * as reference from "../reference/filter.js";
import { maxDifference, noise, type Plane } from "../reference/plane.js";

const sizes = [
  [1, 1],
  [1, 9],
  [9, 1],
  [3, 2],
  [16, 5],
  [17, 33],
  [66, 31],
] as const;

const stride = (width: number) => width + 5;

/** Runs a row kernel on a plane with padded rows and gives back what it wrote; the padding must stay as it was. */
function onPlane(p: Plane, out: { width: number; height: number }, run: (src: number, dst: number) => void): number[] {
  using arena = kernels().arena();
  const src = arena.bytes(stride(p.width) * p.height * 4);
  const dst = arena.bytes(stride(out.width) * out.height * 4);
  for (let y = 0; y < p.height; y++)
    arena
      .f32(src, stride(p.width) * p.height)
      .set(p.data.subarray(y * p.width, (y + 1) * p.width), y * stride(p.width));
  arena.f32(dst, stride(out.width) * out.height).fill(-77);
  run(src, dst);
  const rows = arena.f32(dst, stride(out.width) * out.height);
  const values: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    if (i % stride(out.width) < out.width) values.push(rows[i]!);
    else expect(rows[i]).toBe(-77);
  }
  return values;
}

test.each(sizes)("the separable blur agrees with its reference (%i x %i)", (width, height) => {
  const p = noise(1, width, height);
  for (const radius of [1, 4, 11]) {
    const taps = reference.gaussianTaps(radius / 3, radius);
    const found = onPlane(p, p, (src, dst) => {
      const k = kernels();
      using arena = k.arena();
      const weights = arena.put(Float32Array.from(taps));
      const line = k.scratch(arena, (width + 2 * radius + 32) * 4);
      k.rows(
        "blurSeparable",
        height,
        [src, stride(width), dst, stride(width), width, height, weights, radius, line],
        7,
      );
    });
    // Single precision: 255 * 2^-24 for each of some additions.
    expect(maxDifference(found, reference.blurSeparable(p, taps).data)).toBeLessThan(2e-4);
  }
});

test.each(sizes)("the gradient agrees with its reference (%i x %i)", (width, height) => {
  const p = noise(2, width, height);
  for (const [side, centre] of [
    [3 / 16, 10 / 16],
    [1 / 4, 1 / 2],
  ] as const) {
    const wanted = reference.gradient(p, side, centre);
    for (const axis of ["dx", "dy"] as const) {
      const found = onPlane(p, p, (src, dst) => {
        const k = kernels();
        using arena = k.arena();
        const other = arena.bytes(stride(width) * height * 4);
        const line = k.scratch(arena, 2 * (width + 16) * 4 + 64);
        const [dx, dy] = axis === "dx" ? [dst, other] : [other, dst];
        k.rows("gradient", height, [src, stride(width), dx, dy, stride(width), width, height, side, centre, line], 5);
      });
      expect(maxDifference(found, wanted[axis].data)).toBeLessThan(1e-4);
    }
  }
});

test.each(sizes)("block means agree with their reference, and leave holes out (%i x %i)", (width, height) => {
  for (const holes of [0, 0.3]) {
    const p = noise(3, width, height, { holes });
    for (const factor of [1, 2, 3, 5]) {
      const wanted = reference.coarsen(p, factor);
      const found = onPlane(p, wanted, (src, dst) =>
        kernels().rows(
          "coarsen",
          wanted.height,
          [src, stride(width), width, height, dst, stride(wanted.width), factor],
          3,
        ),
      );
      expect(maxDifference(found, wanted.data)).toBeLessThan(1e-4);
    }
  }
});

test("a block mean has the same bits wherever its window begins", () => {
  const p = noise(4, 64, 4, { low: 0, high: 65535 });
  const crop = (x0: number): Plane => ({
    width: 64 - x0,
    height: 4,
    data: Float64Array.from(
      { length: (64 - x0) * 4 },
      (_, i) => p.data[Math.floor(i / (64 - x0)) * 64 + x0 + (i % (64 - x0))]!,
    ),
  });
  const means = (q: Plane) => {
    const out = { width: Math.ceil(q.width / 2), height: 2 };
    return onPlane(q, out, (src, dst) =>
      kernels().rows("coarsen", 2, [src, stride(q.width), q.width, 4, dst, stride(out.width), 2]),
    ).slice(0, out.width);
  };
  const whole = means(p);
  for (const x0 of [2, 6, 54, 60]) expect(means(crop(x0))).toEqual(whole.slice(x0 / 2));
});
