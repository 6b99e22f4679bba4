import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import type { Arena } from "../../src/kernel/memory.js";
import { emptyPlane, type Plane as KernelPlane } from "../../src/math/plane.js";
import { structureFields } from "../../src/math/structure/fields.js";
import { shrinkPlane } from "../../src/math/structure/levels.js";
import * as reference from "../reference/gradient-fields.js";
import { doubles, maxDifference, noise, type Plane } from "../reference/plane.js";

/** A plane in kernel memory whose padding is spoilt. */
function put(arena: Arena, p: Plane): KernelPlane {
  const plane = emptyPlane(arena, p.width, p.height);
  const rows = arena.f32(plane.at, plane.stride * p.height).fill(1e9);
  for (let y = 0; y < p.height; y++) rows.set(p.data.subarray(y * p.width, (y + 1) * p.width), y * plane.stride);
  return plane;
}

function take(arena: Arena, { at, stride, width, height }: KernelPlane): number[] {
  const rows = arena.f32(at, stride * height);
  return Array.from({ length: width * height }, (_, i) => rows[Math.floor(i / width) * stride + (i % width)]!);
}

/** Smooth noise, so that gradients have directions. */
function texture(seed: number, width: number, height: number, hole = false): Plane {
  const coarse = noise(seed, 20, 20);
  return doubles(width, height, (x, y) => {
    if (hole && (x - 12) ** 2 + (y - 9) ** 2 < 20) return Number.NaN;
    const [u, v] = [x / 4.3, y / 4.7];
    const [i, j] = [Math.floor(u), Math.floor(v)];
    const at = (a: number, b: number) => coarse.data[((j + b) % 20) * 20 + ((i + a) % 20)]!;
    const [s, t] = [u - i, v - j];
    return Math.fround((1 - t) * ((1 - s) * at(0, 0) + s * at(1, 0)) + t * ((1 - s) * at(0, 1) + s * at(1, 1)));
  });
}

test.each([
  [31, 22, 31, 22],
  [31, 22, 17, 9],
  [64, 48, 16, 12],
  [50, 7, 3, 1],
  [1, 1, 1, 1],
])("a plane of %i x %i shrinks to %i x %i as its reference does, and leaves holes out", (width, height, w, h) => {
  for (const holes of [0, 0.3]) {
    const p = noise(5, width, height, { holes });
    using arena = kernels().arena();
    const wanted = reference.shrinkArea(p, w, h);
    expect(maxDifference(take(arena, shrinkPlane(arena, put(arena, p), w, h)), wanted.data)).toBeLessThan(1e-3);
  }
});

test.each([
  [40, 33, 1, false],
  [40, 33, 3, true],
  [61, 17, 2, true],
  [5, 5, 1, false],
  [4, 9, 1, false],
  [1, 1, 1, false],
])("the angle fields agree with their reference (%i x %i, %i channels, a hole: %s)", (width, height, count, hole) => {
  const channels = Array.from({ length: count }, (_, c) => texture(7 + c, width, height, hole));
  const wanted = reference.angleFields(channels);
  using arena = kernels().arena();
  const found = structureFields(
    arena,
    channels.map((c) => put(arena, c)),
  );
  const { stride } = found;
  const plane = (at: number) => take(arena, { at, stride, width, height });
  expect(plane(found.valid)).toEqual([...wanted.valid.data]);
  expect(found.validCount).toBe(wanted.valid.data.reduce((a, b) => a + b, 0));
  for (const [at, name] of [
    [found.z2.re, "re2"],
    [found.z2.im, "im2"],
    [found.z4.re, "re4"],
    [found.z4.im, "im4"],
  ] as const) {
    // Single precision: a gradient of a level has seven digits, and its angle counts four times.
    expect(maxDifference(plane(at), wanted[name].data)).toBeLessThan(2e-3);
    const padded = arena.f32(at, stride * height).filter((_, i) => i % stride >= width);
    expect(padded.every((v) => v === 0)).toBe(true);
  }
});

test("flat areas at the border are found as by their reference, whatever lies in the middle", () => {
  const p = doubles(40, 30, (x, y) => {
    if (x > 36 && y > 20) return Number.NaN;
    if (x < 9 || y > 26) return 20;
    if (x > 15 && x < 25 && y > 8 && y < 18) return 90; // flat, but inside
    if (x > 30 && y < 4) return 200; // flat at the border, but small
    return (x * 37 + y * 91) % 256;
  });
  const wanted = reference.flatBorder(p, 1.5, 24);
  expect(wanted.data.reduce((a, b) => a + b, 0)).toBeGreaterThan(200);
  using arena = kernels().arena();
  const plane = put(arena, p);
  const kinds = arena.bytes(40 * 30);
  const k = kernels();
  k.rows("flatAreas", 30, [plane.at, plane.stride, 40, 30, 1.5, kinds], 7);
  const total = k.call("flatBorder", kinds, 40, 30, 24, arena.bytes(4 * 40 * 30));
  const found = Array.from(arena.u8(kinds, 40 * 30), (kind) => (kind === 3 ? 1 : 0));
  expect(found).toEqual([...wanted.data]);
  expect(total).toBe(wanted.data.reduce((a, b) => a + b, 0));
  const cut = emptyPlane(arena, 40, 30);
  k.rows("cutFlatBorder", 30, [plane.at, cut.at, plane.stride, 40, 30, kinds], 7);
  const near = (i: number) => {
    const [x, y] = [i % 40, Math.floor(i / 40)];
    return wanted.data.some((v, n) => v === 1 && Math.abs((n % 40) - x) <= 1 && Math.abs(Math.floor(n / 40) - y) <= 1);
  };
  expect(take(arena, cut)).toEqual(Array.from(p.data, (v, i) => (near(i) ? Number.NaN : v)));
});

test.each([false, true])("holes spread from plane to plane (zeros too: %s)", (zeros) => {
  const from = noise(1, 13, 5, { low: -1, high: 2, whole: true, holes: 0.2 });
  const to = noise(2, 13, 5, { holes: 0.2 });
  using arena = kernels().arena();
  const [src, dst] = [put(arena, from), put(arena, to)];
  kernels().rows("spreadHoles", 5, [src.at, dst.at, dst.stride, 13, zeros ? 1 : 0], 2);
  const hidden = (v: number) => Number.isNaN(v) || (zeros && v === 0);
  expect(take(arena, dst)).toEqual(Array.from(to.data, (v, i) => (hidden(from.data[i]!) ? Number.NaN : v)));
  expect(arena.f32(dst.at, dst.stride)[13]).toBe(1e9); // the padding is as it was
});
