import { readFileSync } from "node:fs";
import { type Image, type PointSet, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import reader from "../../read/points/index.js";
import plugin from "./index.js";

const files = temporaryFolder();
const image = (scale: number) =>
  ({ grid: { width: 90, height: 60, worldFromPixel: [scale, 0, 10, 0, scale, 20], crs: "um" } }) as unknown as Image;
const images = new Map([
  ["a", image(2)],
  ["b", image(4)],
]);
const points = (names: readonly string[], ...xy: number[]): PointSet => ({
  ...{ points: worldPoints(xy), names, confidence: Float64Array.from(names, (_, i) => 1 / (1 + i)) },
});
const sets = new Map([
  ["a", points(["tip", "base"], 12, 24, 30, 40)],
  ["b", points(["tip", "base"], 14, 28, Number.NaN, Number.NaN)],
]);

const write = (name: string, given = sets, told = {}) =>
  plugin.run(
    { points: given, images },
    { image: "set/{id}.png", scorer: "me", likelihood: false, ...told },
    files.context(name),
  );

test("labels of DeepLabCut are laid out as its tools want them", async () => {
  await write("l.csv");
  expect(files.text("l.csv")).toBe(
    "scorer,me,me,me,me\nbodyparts,tip,tip,base,base\ncoords,x,y,x,y\nset/a.png,1,2,10,10\nset/b.png,1,2,,\n",
  );
  await write("p.csv", sets, { likelihood: true });
  expect(files.text("p.csv").split("\n").slice(2, 4)).toEqual([
    "coords,x,y,likelihood,x,y,likelihood",
    "set/a.png,1,2,1,10,10,0.5",
  ]);
});

test.each(["l.csv", "l.tps", "l.xml"])("%s gives each image its points again", async (name) => {
  await write(name);
  for (const [id, set] of sets) {
    const told = { format: "auto", units: "pixel", yAxis: "auto", curves: false } as const;
    const outcome = await reader.run(
      { file: files.put(`again-${name}`, readFileSync(files.path(name))), sameGridAs: images.get(id) },
      { ...told, image: `set/${id}.png`, imageHeight: undefined, individual: undefined },
      files.context(),
    );
    const placed = [...set.points].filter(Number.isFinite);
    expect(outcome.ok && [...outcome.value.points.points].filter(Number.isFinite)).toEqual(placed);
  }
});

test("what cannot be said is refused", async () => {
  const other = new Map([...sets, ["b", points(["base", "tip"], 1, 1, 2, 2)]] as const);
  expect(await write("o.tps", other)).toMatchObject({ ok: false, diagnostics: [{ code: "names-differ" }] });
  expect(await write("o.csv", other)).toMatchObject({ ok: true });
  const stray = new Map([["c", sets.get("a")!]]);
  expect(await write("o.csv", stray)).toMatchObject({ ok: false, diagnostics: [{ code: "image-unknown" }] });
});
