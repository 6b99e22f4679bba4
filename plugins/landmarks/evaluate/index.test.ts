import { type Image, type PointSet, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { context } from "../../../test/support/wings.js";
import plugin from "./index.js";

const image = (spacing: number) =>
  ({ grid: { width: 30, height: 40, worldFromPixel: [spacing, 0, 7, 0, spacing, 0], crs: "px" } }) as unknown as Image;
const set = (xy: number[], names: string[], confidence?: number[]): PointSet => ({
  ...{ points: worldPoints(xy), names },
  ...(confidence ? { confidence: Float64Array.from(confidence) } : {}),
});
const images = new Map([
  ["a", image(1)],
  ["b", image(2)],
  ["c", image(1)],
]);
const truth = new Map([
  ["a", set([10, 10, 20, 20], ["p", "q"])],
  ["b", set([10, 10, 20, 20, Number.NaN, Number.NaN], ["p", "q", "r"])],
  ["c", set([1, 1], ["p"])],
]);
const predicted = new Map([
  ["a", set([20, 20, 13, 14], ["q", "p"], [0.5, 1])],
  ["b", set([16, 18, 5, 5], ["p", "r"])],
]);

test("errors are told by image and by point, in pixels of each image, and what is missing is counted", async () => {
  const outcome = await plugin.run({ images, predicted, truth }, {}, context());
  expect(outcome).toMatchObject({
    ok: true,
    value: {
      images: {
        columns: {
          image: ["b", "a"],
          "mean-error-px": [5, 2.5],
          "worst-error-px": [5, 5],
          "worst-point": ["p", "p"],
          confidence: [1, 0.75],
        },
      },
      points: { columns: { point: ["p", "q"], images: [2, 1], "mean-error-px": [5, 0], "worst-image": ["a", "a"] } },
    },
    metrics: {
      points: { value: 3 },
      missing: { value: 1 },
      "mean-error": { value: 10 / 3, unit: "px" },
      "mean-error-of-diagonal": { unit: "%" },
    },
    notes: [{ code: "not-predicted" }, { code: "points-missing" }],
  });
});

test("nothing in common is refused", async () => {
  const outcome = await plugin.run({ images, predicted: new Map(), truth }, {}, context());
  expect(outcome).toMatchObject({ ok: false, diagnostics: [{ code: "nothing-to-compare" }] });
});
