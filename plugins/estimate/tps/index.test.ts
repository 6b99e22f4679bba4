import { apply, seededRandom, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { testContext } from "../../../test/support/read.js";
import tps from "./index.js";

const params = {
  ...{ inlierDistance: { value: 3, unit: "px" } as const, smoothing: undefined, outliers: "auto" as const },
  ...{ maxKnots: 300, reflection: "refuse" as const, confidence: 0.9999 },
};

test("tie points that bend are followed, and the verdict is told twice", async () => {
  const fixed = worldPoints(Array.from({ length: 200 }, (_, i) => (i % 2 ? 37 * (i >> 1) : 61 * (i >> 1)) % 500));
  const moving = worldPoints(fixed.map((v, i) => v + (i % 2 ? 3 : 5) + 4 * Math.sin(fixed[i & ~1]! / 90)));
  const outcome = await tps.run({ matches: { fixed, moving } }, params, testContext(1e9, { random: seededRandom(1) }));
  if (!outcome.ok) throw new Error("expected a transform");
  expect(outcome.verdict).toEqual(outcome.value.transform.verdict);
  expect(outcome.verdict!.status).toBe("accepted");
  const [x, y] = apply(outcome.value.transform.transform, worldPoints([250, 260]));
  expect(Math.abs(x! - 255 - 4 * Math.sin(250 / 90))).toBeLessThan(0.1);
  expect(Math.abs(y! - 263 - 4 * Math.sin(250 / 90))).toBeLessThan(0.1);
});
