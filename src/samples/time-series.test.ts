import { expect, test } from "vitest";
import { sampleTimeSeries } from "./time-series.js";

test("frames drift from the first, a bad one shows no cells", async () => {
  const frames = sampleTimeSeries({ frames: 5, size: 64, badEvery: 4 });
  expect(frames[0]!.firstFromFrame).toEqual([1, 0, 0, 0, 1, 0]);
  expect(frames.map((f) => f.bad)).toEqual([false, false, false, true, false]);
  const spread = await Promise.all(
    frames.map(async ({ image }) => {
      const { data } = await image.read({ x: 0, y: 0, width: 64, height: 64 });
      return [...data].reduce((most, v) => Math.max(most, Number(v)), 0);
    }),
  );
  expect(spread[3]!).toBeLessThan(0.4 * spread[2]!);
  const steps = frames.slice(1).map((f, i) => Math.abs(f.firstFromFrame[2] - frames[i]!.firstFromFrame[2]));
  expect(Math.max(...steps)).toBeLessThan(1.5 + 0.003 * 32);
  expect(Math.min(...steps)).toBeGreaterThan(0);
});
