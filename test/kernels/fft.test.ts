import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { complexPlane, fft2, fftSide, fftTable, inverseFft2 } from "../../src/math/fft.js";
import { seededRandom } from "../../src/math/random.js";
import { inverseRealFft2, realFft2, realPlane } from "../../src/math/real-fft.js";
import * as reference from "../reference/fft.js";

const random = (seed: number, n: number) => {
  const next = seededRandom(seed);
  return Float64Array.from({ length: n }, () => Math.fround(2 * next() - 1));
};

test.each([
  [16, 16],
  [32, 16],
  [16, 64],
  [64, 32],
  [128, 64],
  [16, 256],
  [24, 16],
  [48, 24],
  [16, 96],
  [48, 192],
])(
  "the transform of %i x %i agrees with its definition, and the inverse gives back what was there",
  (width, height) => {
    const [re, im] = [random(1, width * height), random(2, width * height)];
    const columns = width - 5;
    for (let i = 0; i < re.length; i++) if (i % width >= columns) re[i] = im[i] = 0;
    using arena = kernels().arena();
    const f = complexPlane(arena, width, height);
    const put = (at: number, values: Float64Array) => {
      const rows = arena.f32(at, f.stride * height).fill(99);
      for (let y = 0; y < height; y++) rows.set(values.subarray(y * width, (y + 1) * width), y * f.stride);
    };
    put(f.re, re);
    put(f.im, im);
    const found = fft2(arena, f, width, height, columns);
    const wanted = reference.fourier({ re, im, width, height });
    let worst = 0;
    for (let kx = 0; kx < width; kx++) {
      for (let ky = 0; ky < height; ky++) {
        const r = arena.f32(found.re, found.stride * width)[kx * found.stride + ky]!;
        const i = arena.f32(found.im, found.stride * width)[kx * found.stride + ky]!;
        const n = ky * width + kx;
        worst = Math.max(worst, Math.hypot(r - wanted.re[n]!, i - wanted.im[n]!));
      }
    }
    // Single precision: a few units in the last place of the root of the energy, sqrt(2 / 3 * width * height).
    expect(worst).toBeLessThan(2e-6 * Math.sqrt(width * height));
    const back = inverseFft2(arena, found, width, height);
    let off = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const n = y * width + x;
        off = Math.max(
          off,
          Math.abs(arena.f32(back.re, back.stride * height)[y * back.stride + x]! / re.length - re[n]!),
        );
        off = Math.max(
          off,
          Math.abs(arena.f32(back.im, back.stride * height)[y * back.stride + x]! / re.length - im[n]!),
        );
      }
    }
    expect(off).toBeLessThan(2e-6);
  },
);

test.each([384, 512, 768, 1024, 1536, 4096])("one wave in a column of %i becomes one number", (n) => {
  using arena = kernels().arena();
  const f = complexPlane(arena, 16, n);
  const [re, im] = [arena.f32(f.re, f.stride * n).fill(0), arena.f32(f.im, f.stride * n).fill(0)];
  for (let y = 0; y < n; y++) {
    re[y * f.stride] = Math.cos((2 * Math.PI * 5 * y) / n);
    im[y * f.stride] = Math.sin((2 * Math.PI * 5 * y) / n);
  }
  const found = fft2(arena, f, 16, n, 1);
  for (let ky = 0; ky < n; ky++) {
    expect(Math.abs(arena.f32(found.re, n)[ky]! - (ky === 5 ? n : 0))).toBeLessThan(1e-6 * n);
    expect(Math.abs(arena.f32(found.im, n)[ky]!)).toBeLessThan(1e-6 * n);
  }
});

test("sides are powers of two from 16 on, and three times those from 24 on", () => {
  expect([1, 16, 17, 33, 48, 49, 193, 256, 300].map(fftSide)).toEqual([16, 16, 24, 48, 48, 64, 256, 256, 384]);
  expect(() => fftTable(20)).toThrow("Internal error");
});

test.each([
  [32, 16],
  [48, 24],
  [64, 32],
  [32, 96],
])(
  "the real transform of %i x %i agrees with its definition, and the inverse gives back what was there",
  (width, height) => {
    const re = random(3, width * height);
    using arena = kernels().arena();
    const f = realPlane(arena, width, height);
    const rows = arena.f32(f.at, f.stride * height).fill(99);
    for (let y = 0; y < height; y++) rows.set(re.subarray(y * width, (y + 1) * width), y * f.stride);
    const found = realFft2(arena, f, width, height);
    const wanted = reference.fourier({ re, im: new Float64Array(re.length), width, height });
    let worst = 0;
    for (let kx = 0; kx < width; kx++) {
      for (let ky = 0; ky <= height / 2; ky++) {
        const r = arena.f32(found.re, found.stride * width)[kx * found.stride + ky]!;
        const i = arena.f32(found.im, found.stride * width)[kx * found.stride + ky]!;
        worst = Math.max(worst, Math.hypot(r - wanted.re[ky * width + kx]!, i - wanted.im[ky * width + kx]!));
      }
    }
    expect(worst).toBeLessThan(2e-6 * Math.sqrt(width * height));
    const back = inverseRealFft2(arena, found, width, height);
    const values = arena.f32(back.at, back.stride * height);
    for (let i = 0; i < re.length; i++) {
      const v = values[Math.floor(i / width) * back.stride + (i % width)]!;
      expect(Math.abs(v / re.length - re[i]!)).toBeLessThan(2e-6);
    }
  },
);
