import { describe, expect, test } from "vitest";
import { load } from "../../test/support/load.js";
import { renderAll } from "./render.js";

const files = {
  "/data/wings/a.png": "",
  "/data/wings/b.png": "",
  "/data/atlas.png": "",
  "/data/wings.csv": "file,points,site\nwings/a.png,pts/a.csv,x\nwings/b.png,pts/b.csv,y\n",
};

/** Tasks that read points: id, file, name of the image, and which task gives the image. */
async function pointTasks(inputs: string, outputs: string) {
  const loaded = await load(`tiepoint: 1\ninputs:\n${inputs}\n${outputs}`, { files });
  if (!loaded.ok) throw new Error(renderAll(loaded.diagnostics, loaded.texts));
  const { tasks } = loaded.value;
  return tasks
    .filter((t) => t.plugin === "read/points")
    .map((t) => {
      const grid = t.inputs.sameGridAs;
      return [t.id, t.files!.file, t.params.image, grid && "task" in grid ? tasks[grid.task]!.id : undefined];
    });
}

const code = async (text: string) => {
  const loaded = await load(`tiepoint: 1\n${text}`, { files });
  return loaded.ok ? "none" : loaded.diagnostics.map((d) => d.code);
};

describe("points beside images", () => {
  test("one file holds the points of all images of a pattern", async () => {
    expect(
      await pointTasks(
        "  wings: { all: wings/*.png, points: all.tps }",
        "outputs:\n  'x/{id}.png': wings\nsteps:\n  wing:\n    each: wings\n    steps:\n      t: { use: estimate/tps, fixed: wing.points, moving: wing.points, smoothing: 1 }",
      ),
    ).toEqual([
      ["input:wings[a].points", "/data/all.tps", "wings/a.png", "input:wings[a]"],
      ["input:wings[b].points", "/data/all.tps", "wings/b.png", "input:wings[b]"],
    ]);
  });

  test("or each image has a file of its own, and is used by its points alone", async () => {
    expect(
      await pointTasks(
        "  wings: { all: 'wings/{name}.png', points: { file: 'pts/{name}.csv', image: '{name}.tif' } }",
        "steps:\n  w:\n    each: wings\n    steps:\n      t: { use: estimate/tps, fixed: w.points, moving: w.points, smoothing: 1 }",
      ),
    ).toEqual([
      ["input:wings[a].points", "/data/pts/a.csv", "a.tif", "input:wings[a]"],
      ["input:wings[b].points", "/data/pts/b.csv", "b.tif", "input:wings[b]"],
    ]);
  });

  test("a single image has points too", async () => {
    expect(
      await pointTasks(
        "  atlas: { file: atlas.png, points: all.tps }",
        "steps: { t: { use: estimate/tps, fixed: atlas.points, moving: atlas.points, smoothing: 1 } }",
      ),
    ).toEqual([["input:atlas.points", "/data/all.tps", "atlas.png", "input:atlas"]]);
  });

  test("the column points of a table holds them as well", async () => {
    expect(
      await pointTasks(
        "  wings: { table: wings.csv }",
        "steps:\n  w:\n    each: wings\n    steps:\n      t: { use: estimate/tps, fixed: w.points, moving: w.points, smoothing: 1 }",
      ),
    ).toEqual([
      ["input:wings[a].points", "/data/pts/a.csv", "wings/a.png", "input:wings[a]"],
      ["input:wings[b].points", "/data/pts/b.csv", "wings/b.png", "input:wings[b]"],
    ]);
  });

  const use =
    "outputs: { 'p.png': wings }\nsteps: { t: { use: estimate/tps, fixed: w.points, moving: w.points, smoothing: 1 } }";
  test.each([
    ["w: { file: atlas.png, points: { use: read/points } }", "missing-file"],
    ["w: { file: atlas.png, points: x.xyz }", "no-reader"],
    ["w: { file: atlas.png, points: 3 }", "no-reader"],
    ["w: { file: atlas.png, points: [a.csv] }", "missing-file"],
    ["w: { file: atlas.png, points: { file: a.csv, use: match/sift } }", "unknown-plugin"],
    ["w: { file: atlas.png, points: { file: a.csv, imag: x } }", "unknown-parameter"],
  ])("%s is told: %s", async (input, expected) => {
    expect(await code(`inputs:\n  ${input}\n${use.replace("wings", "w")}`)).toContain(expected);
  });

  test("a {field} that items do not have is told where it stands", async () => {
    expect(
      await code(
        "inputs: { w: { all: wings/*.png, points: 'x/{nam}.csv' } }\nsteps:\n  b:\n    each: w\n    steps:\n      t: { use: estimate/tps, fixed: b.points, moving: b.points, smoothing: 1 }",
      ),
    ).toEqual(["unknown-field"]);
  });
});

describe("other ports of a writer", () => {
  const outputs = async (text: string) => {
    const loaded = await load(`tiepoint: 1\n${text}`, { files });
    if (!loaded.ok) return loaded.diagnostics.map((d) => d.code);
    const { tasks } = loaded.value;
    const named = (source: unknown): unknown => tasks[(source as { task: number }).task]!.id;
    return tasks
      .filter((t) => t.target)
      .map((t) => [t.id, named(t.inputs.points ?? t.inputs.matches), named(t.inputs.sameGridAs)]);
  };

  test("are given what they name, item by item", async () => {
    expect(
      await outputs(
        "inputs:\n  wings: { all: wings/*.png, points: all.tps }\n  atlas: { file: atlas.png, points: all.tps }\noutputs:\n" +
          "  'p/{id}.csv': { from: wings.points, same-grid-as: wings }\n  atlas.csv: { from: atlas.points, same-grid-as: atlas }",
      ),
    ).toEqual([
      ["output:p/a.csv", "input:wings[a].points", "input:wings[a]"],
      ["output:p/b.csv", "input:wings[b].points", "input:wings[b]"],
      ["output:atlas.csv", "input:atlas.points", "input:atlas"],
    ]);
  });

  test("and inside a block the item itself", async () => {
    expect(
      await outputs(
        "inputs:\n  model: m.tpmodel\n  wings: { all: wings/*.png }\nsteps:\n  wing:\n    each: wings\n    steps:\n" +
          "      found: { use: landmarks/predict, in: wing, model: model }\noutputs:\n  'p/{wing.id}.csv': { from: wing.found, same-grid-as: wing }",
      ),
    ).toEqual([
      ["output:p/a.csv", "wing[a].found", "input:wings[a]"],
      ["output:p/b.csv", "wing[b].found", "input:wings[b]"],
    ]);
  });

  test("are checked", async () => {
    const text =
      "inputs: { atlas: { file: atlas.png, points: a.tps } }\noutputs: { a.csv: { from: atlas.points, same-grid-as: NAME } }";
    expect(await outputs(text.replace("NAME", "atlsa"))).toEqual(["unknown-name"]);
    expect(await outputs(text.replace("NAME", "atlas.points"))).toEqual(["port-type"]);
  });
});
