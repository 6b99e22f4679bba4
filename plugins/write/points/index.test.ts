import { type Image, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();
const image = { grid: { width: 9, height: 9, worldFromPixel: [2, 0, 10, 0, 2, 20], crs: "um" } } as unknown as Image;
const points = { points: worldPoints([12, 24, Number.NaN, Number.NaN]), names: ["left", "a, b"] };

test("points are written in pixels of the image they belong to", async () => {
  await plugin.run({ points, sameGridAs: image }, {}, files.context("p.csv"));
  expect(files.text("p.csv").split("\n").slice(1)).toEqual(["x,y,name", "1,2,left", ',,"a, b"', ""]);
  expect(files.text("p.csv")).toMatch(/^# pixel coordinates;/);
});

test("without an image they stay in the world, and the file says so", async () => {
  const confidence = Float64Array.of(0.1, 1);
  await plugin.run(
    { points: { points: points.points, confidence }, sameGridAs: undefined },
    {},
    files.context("w.csv"),
  );
  expect(files.text("w.csv").split("\n").slice(1)).toEqual(["x,y,confidence", "12,24,0.1", ",,1", ""]);
  expect(files.text("w.csv")).toMatch(/^# world coordinates;/);
});
