import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import { fftStride } from "../../src/math/fft.js";
import { seededRandom } from "../../src/math/random.js";
import { logPolarSlowly, logPowerSlowly } from "../reference/log-polar.js";

const n = 48;
const stride = fftStride(n);

test("the logarithm of power agrees with its slow twin, from nothing to the largest", () => {
  const random = seededRandom(5);
  using arena = kernels().arena();
  const powers = Float32Array.from({ length: 2 * n * stride }, () => (random() - 0.5) * 10 ** (30 * random() - 15));
  powers.set([0, 1e-20, 1, -1, 2 / 3, 4 / 3]);
  const re = arena.put(powers);
  const im = re + 4 * n * stride;
  const dst = arena.bytes(4 * n * stride);
  kernels().rows("logPower", n, [re, im, stride, n / 2 + 1, dst], 3);
  const found = arena.f32(dst, n * stride);
  for (let k = 0; k < n; k++) {
    for (let i = k * stride; i <= k * stride + n / 2; i++) {
      const slow = logPowerSlowly(powers[i]!, powers[n * stride + i]!);
      expect(Math.abs(found[i]! - slow)).toBeLessThan(1e-5);
    }
  }
});

test("rays through a spectrum agree with their slow twin, in all directions and through the seam at frequency 0", () => {
  const random = seededRandom(6);
  using arena = kernels().arena();
  const plane = Float32Array.from({ length: n * stride }, () => random());
  const src = arena.put(plane);
  const angles = Array.from({ length: 30 }, (_, i) => (Math.PI * i) / 30);
  const radii = Float32Array.from({ length: 17 }, (_, i) => 0.4 * 1.28 ** i);
  const turns = arena.put(Float32Array.from(angles.flatMap((a) => [Math.cos(a), Math.sin(a)])));
  const dst = arena.bytes(4 * 20 * angles.length);
  kernels().rows("logPolar", angles.length, [src, stride, n, turns, arena.put(radii), radii.length, dst, 20], 4);
  const found = arena.f32(dst, 20 * angles.length);
  const at = (kx: number, ky: number) => plane[((kx + n) % n) * stride + ky]!;
  angles.forEach((angle, a) => {
    radii.forEach((r, i) => {
      // Where a ray runs along a row, rounding may fall to either side of it; both give the same.
      expect(found[20 * a + i]).toBeCloseTo(logPolarSlowly(at, angle, r), 3);
    });
  });
});
