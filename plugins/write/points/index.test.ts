import { readFileSync } from "node:fs";
import { type Image, type PointSet, worldPoints } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import reader from "../../read/points/index.js";
import plugin from "./index.js";

const files = temporaryFolder();
const image = { grid: { width: 9, height: 9, worldFromPixel: [2, 0, 10, 0, 2, 20], crs: "um" } } as unknown as Image;
const points = { points: worldPoints([12, 24, Number.NaN, Number.NaN]), names: ["left", "a, b"] };

test("points are written in pixels of the image they belong to", async () => {
  await plugin.run({ points, sameGridAs: image }, { image: "image" }, files.context("p.csv"));
  expect(files.text("p.csv").split("\n").slice(1)).toEqual(["x,y,name", "1,2,left", ',,"a, b"', ""]);
  expect(files.text("p.csv")).toMatch(/^# pixel coordinates;/);
});

test("without an image they stay in the world, and the file says so", async () => {
  const confidence = Float64Array.of(0.1, 1);
  await plugin.run(
    { points: { points: points.points, confidence }, sameGridAs: undefined },
    { image: "image" },
    files.context("w.csv"),
  );
  expect(files.text("w.csv").split("\n").slice(1)).toEqual(["x,y,confidence", "12,24,0.1", ",,1", ""]);
  expect(files.text("w.csv")).toMatch(/^# world coordinates;/);
});

/** Writes points for another program, and reads that file again. */
async function throughFile(set: PointSet, name: string, like?: Image) {
  const written = await plugin.run({ points: set, sameGridAs: like }, { image: "w 1.png" }, files.context(name));
  if (!written.ok) return written.diagnostics.map((d) => d.code);
  const told = { image: "w 1.png", format: "auto", units: "pixel", yAxis: "auto", curves: false } as const;
  const again = await reader.run(
    { file: files.put(`again-${name}`, readFileSync(files.path(name))), sameGridAs: like },
    { ...told, imageHeight: undefined, individual: undefined },
    files.context(),
  );
  if (!again.ok) throw new Error(again.diagnostics[0]!.message);
  const { points: xy, names } = again.value.points;
  return { xy: [...xy], names, notes: (written.notes ?? []).map((d) => d.code) };
}

describe("files of other programs are read back as they were", () => {
  const set = { points: worldPoints([12, 24, 15, 27, Number.NaN, Number.NaN]), names: ["left", "a & b", "gone"] };
  const lost = [Number.NaN, Number.NaN];
  test.each([
    ["p.tps", { xy: [12, 24, 15, 27, ...lost], names: ["1", "2", "3"], notes: ["names-not-held"] }],
    ["p.xml", { xy: [12, 24, 16, 28], names: ["left", "a & b"], notes: ["rounded"] }],
    ["p.roi", { xy: [12, 24, 15, 27], names: undefined, notes: ["missing-not-held", "names-not-held"] }],
    ["p.zip", { xy: [12, 24, 15, 27], names: ["left", "a & b"], notes: ["missing-not-held"] }],
  ])("%s", async (name, expected) => {
    expect(await throughFile(set, name, image)).toEqual(expected);
  });

  test("what a format cannot hold is refused", async () => {
    expect(await throughFile(set, "q.tps")).toEqual(["image-unknown"]);
    expect(await throughFile({ points: worldPoints(lost) }, "q.roi", image)).toEqual(["no-points"]);
    expect(await throughFile({ points: worldPoints([1e6, 0]) }, "q.roi", image)).toEqual(["too-far-for-roi"]);
  });
});
