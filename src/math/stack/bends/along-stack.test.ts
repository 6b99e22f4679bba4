import { expect, test } from "vitest";
import { seededRandom } from "../../random.js";
import { bendsAlongStack, type MeasuredBend } from "./along-stack.js";

/** What comparisons with the two slices before and behind say of bends, given as one number a slice. */
function compared(bends: readonly number[]): MeasuredBend[] {
  return bends.flatMap((own, slice) =>
    [-1, 1].flatMap((step): MeasuredBend[] => {
      const others = [slice + step, slice + 2 * step].filter((j) => j >= 0 && j < bends.length);
      if (others.length === 0) return [];
      const mean = others.reduce((s, j) => s + bends[j]!, 0) / others.length;
      return [{ slice, others, coefficients: Float64Array.of(own - mean), told: true }];
    }),
  );
}
const solve = (measured: readonly MeasuredBend[], count: number, length = 10) => {
  const used = Array.from({ length: count }, (_, i) => i);
  const before = used.map(() => new Float64Array(1));
  const { bends, known } = bendsAlongStack(used, measured, before, { range: 2, length, count });
  return { bends: bends.map((b) => b[0]!), known };
};

test("what runs on as a straight line is no bend, however long the stack and up to its ends", () => {
  for (const count of [3, 12, 400]) {
    const { bends } = solve(compared(Array.from({ length: count }, (_, i) => 5 + 0.3 * i)), count);
    for (const b of bends) expect(Math.abs(b)).toBeLessThan(1e-3);
  }
});

test("bends that have nothing to do with each other are found, less what they share over the trend length", () => {
  const random = seededRandom(3);
  const truth = Array.from({ length: 200 }, () => 4 * (random() - 0.5));
  const { bends } = solve(compared(truth), 200);
  const rms = (v: readonly number[]) => Math.sqrt(v.reduce((s, x) => s + x * x, 0) / v.length);
  expect(rms(bends.map((b, i) => b - truth[i]!))).toBeLessThan(0.25 * rms(truth));
});

test("a slice that the others contradict bends as the mean of those beside it, and they bend as without it", () => {
  const random = seededRandom(4);
  const truth = Array.from({ length: 40 }, () => 4 * (random() - 0.5));
  const sound = compared(truth);
  const spoilt = sound.map((m) =>
    m.slice === 20 ? { ...m, coefficients: Float64Array.of(m.others[0]! < 20 ? 30 : -25) } : m,
  );
  const untold = sound.map((m) => (m.slice === 20 ? { ...m, told: false } : m));
  const whole = solve(sound, 40);
  for (const { bends, known } of [solve(spoilt, 40), solve(untold, 40)]) {
    expect(known.flatMap((k, i) => (k ? [] : [i]))).toEqual([20]);
    expect(bends[20]).toBeCloseTo((bends[19]! + bends[21]!) / 2, 9);
    bends.forEach((b, i) => {
      if (i !== 20) expect(Math.abs(b - whole.bends[i]!)).toBeLessThan(0.3);
    });
  }
});
