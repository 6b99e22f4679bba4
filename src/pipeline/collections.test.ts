import { describe, expect, test } from "vitest";
import { load } from "../../test/support/load.js";
import { renderAll } from "./render.js";

const files = (...names: string[]): Record<string, string> => Object.fromEntries(names.map((n) => [`/data/${n}`, ""]));

/** Ids of the items, or the codes of what is wrong. */
async function itemsOf(input: string, disk: Record<string, string>): Promise<string[]> {
  const loaded = await load(`tiepoint: 1\ninputs:\n  x: ${input}\noutputs: { "out/{id}.tif": x }\n`, { files: disk });
  if (!loaded.ok) return loaded.diagnostics.map((d) => `${d.code}${d.hint ? `: ${d.hint}` : ""}`);
  return loaded.value.tasks.filter((t) => t.id.startsWith("input:")).map((t) => t.item!);
}

describe("items of a pattern", () => {
  test.each([
    [
      "are named by row and column",
      '{ all: "t_{row:02}_{col:02}.tif" }',
      files("t_10_00.tif", "t_02_03.tif"),
      ["r2c3", "r10c0"],
    ],
    ["are named by their one field", '{ all: "s_{case}.tif" }', files("s_b.tif", "s_a.tif"), ["a", "b"]],
    ["are named by all their fields", '{ all: "{case}_{z:02}.tif" }', files("k_01.tif", "k_02.tif"), ["k_01", "k_02"]],
    ["are named by field, row and column", '{ all: "{c}_{row:1}_{col:1}.tif" }', files("k_1_2.tif"), ["k_r1c2"]],
    [
      "are named by their files, in natural order",
      '{ all: "*.tif" }',
      files("w10.tif", "w9.tif", "x.png"),
      ["w9", "w10"],
    ],
    [
      "are named by their folders too where files repeat",
      '{ all: "*/a.tif" }',
      files("p/a.tif", "q/a.tif"),
      ["p_a", "q_a"],
    ],
    ["are named by a template", '{ all: "{a}-{b}.tif", id: "{b}.{a}" }', files("1-2.tif"), ["2.1"]],
    [
      "are chosen by where:",
      '{ all: "s{n:1}.tif", where: { n: "> 9" } }',
      files("s8.tif", "s10.tif", "s9.tif"),
      ["10"],
    ],
  ])("%s", async (_, input, disk, ids) => {
    expect(await itemsOf(input, disk)).toEqual(ids);
  });

  test("that are missing from a grid are named", async () => {
    const disk = files("t_0_0.tif", "t_0_1.tif", "t_1_1.tif");
    expect(await itemsOf('{ all: "t_{row:1}_{col:1}.tif", expect: 4 }', disk)).toEqual([
      "unexpected-count: Missing in the grid: row 1 col 0.",
    ]);
  });

  test("with an unknown field in their template are refused", async () => {
    expect(await itemsOf('{ all: "{row:1}.tif", id: "{rwo}" }', files("1.tif"))).toEqual(["unknown-field"]);
  });
});

describe("items of a table", () => {
  const table = (text: string, more: Record<string, string> = {}) => ({ "/data/t.csv": text, ...more });
  test.each([
    ["are named by the column id", "{ table: t.csv }", "id,file\nB,b.tif\nA,a.tif\n", ["B", "A"]],
    ["are named by their files otherwise", "{ table: t.csv }", "file\nx/b.tif\nx/a.tif\n", ["b", "a"]],
    ["are compared as numbers", '{ table: t.csv, where: { n: ">= 9" } }', "id,file,n\nA,a.tif,10\nB,b.tif,8\n", ["A"]],
    [
      "are compared as dates",
      '{ table: t.csv, where: { d: "< 2024-01-02" } }',
      "id,file,d\nA,a.tif,2024-01-01\nB,b.tif,2024-01-03\n",
      ["A"],
    ],
    [
      "must differ",
      "{ table: t.csv }",
      "id,file\nA,a.tif\nA,b.tif\n",
      ["same-item: Give the table a column id with a name for each row."],
    ],
    ["must have a file", "{ table: t.csv }", "id,file\nA,\n", ["empty-cell"]],
    ["must have a name", "{ table: t.csv }", "id,file\n,a.tif\n", ["bad-item-id"]],
    [
      "must be of one format",
      "{ table: t.csv }",
      "id,file\nA,a.tif\nB,b.png\n",
      ["mixed-formats: Put files of another format into an input of their own."],
    ],
    [
      "need a column file",
      "{ table: t.csv }",
      "id,image\nA,a.tif\n",
      ["no-file-column: Name a column, as in x.COLUMN, or call the column file."],
    ],
    ["need rows", "{ table: t.csv }", "id,file\n", ["no-items"]],
  ])("%s", async (_, input, text, ids) => {
    expect(await itemsOf(input, table(text))).toEqual(ids);
  });

  test("lie where the table says, relative to the table", async () => {
    const text = 'tiepoint: 1\ninputs:\n  x: { table: lists/t.csv }\noutputs: { "out/{id}.tif": x }\n';
    const loaded = await load(text, { files: { "/data/lists/t.csv": "id,file\nA,../a.tif\n" } });
    expect(loaded.ok && loaded.value.tasks[0]!.files).toEqual({ file: "/data/a.tif" });
  });

  test("with an empty cell in a column that is read are shown in the table", async () => {
    const text = `tiepoint: 1
inputs: { x: { table: t.csv } }
steps:
  s: { each: x, steps: { m: { use: match/sift, fixed: s, moving: s, mask: s.cloud } } }
`;
    const loaded = await load(text, { files: { "/data/t.csv": "id,file,cloud\nA,a.tif,c.tif\nB,b.tif,\n" } });
    expect(loaded.ok ? "" : renderAll(loaded.diagnostics, loaded.texts)).toMatchInlineSnapshot(`
      "error empty-cell  /data/t.csv:3:9
        3 | B,b.tif,
          |         ^
        The column "cloud" of item "B" is empty, but the pipeline reads its file
      "
    `);
  });
});

describe("pairs", () => {
  const pairsOf = async (each: string, disk: Record<string, string>, all: string) => {
    const text = `tiepoint: 1
inputs: { x: { all: "${all}" } }
steps:
  pair: { each: ${each}, steps: { s: { use: match/phase-correlation, fixed: pair.a, moving: pair.b } } }
outputs: { "{pair.a.id}-{pair.b.id}.json": pair.s }
`;
    const loaded = await load(text, { files: disk });
    if (!loaded.ok) return loaded.diagnostics.map((d) => d.code);
    expect(loaded.value.tasks.filter((t) => t.target).map((t) => t.target!.name)).toMatchSnapshot();
    return loaded.value.tasks.filter((t) => t.step === "pair.s").map((t) => t.item);
  };
  const grid = files(...[0, 1, 2].flatMap((r) => [0, 1].map((c) => `t_${r}_${c}.tif`)), "t_2_2.tif");

  test("of neighbours: right, then below, where there is one", async () => {
    expect(await pairsOf("{ neighbours: x }", grid, "t_{row:1}_{col:1}.tif")).toEqual([
      "r0c0~r0c1",
      "r0c0~r1c0",
      "r0c1~r1c1",
      "r1c0~r1c1",
      "r1c0~r2c0",
      "r1c1~r2c1",
      "r2c0~r2c1",
      "r2c1~r2c2",
    ]);
  });

  test("of consecutive items", async () => {
    expect(await pairsOf("{ consecutive: x }", files("1.tif", "2.tif", "10.tif"), "{z}.tif")).toEqual(["1~2", "2~10"]);
  });

  test("within a range", async () => {
    const disk = files("1.tif", "2.tif", "3.tif", "4.tif");
    expect(await pairsOf("{ pairs-within: { of: x, range: 2 } }", disk, "{z}.tif")).toEqual([
      "1~2",
      "1~3",
      "2~3",
      "2~4",
      "3~4",
    ]);
  });
});

describe("a collection beside another", () => {
  const text = `tiepoint: 1
inputs:
  tiles: { all: "t_{row:1}_{col:1}.tif" }
  cells: { all: "c_{row:1}_{col:1}.png", kind: labels, same-grid-as: tiles }
outputs: { "out/{id}.png": cells, "out/{id}.tif": tiles }
`;

  test("takes the grid of its namesake, item by item", async () => {
    const disk = files("t_0_0.tif", "t_0_1.tif", "t_1_0.tif", "c_0_1.png", "c_0_0.png");
    const loaded = await load(text, { files: disk });
    if (!loaded.ok) throw new Error(renderAll(loaded.diagnostics, loaded.texts));
    const { tasks } = loaded.value;
    for (const task of tasks.filter((t) => t.step === "input:cells")) {
      const source = task.inputs.sameGridAs!;
      expect("task" in source && tasks[source.task]!.item).toBe(task.item);
    }
  });

  test("needs a namesake for every item", async () => {
    const loaded = await load(text, { files: files("t_0_0.tif", "c_0_0.png", "c_0_1.png") });
    expect(loaded.ok ? [] : loaded.diagnostics.map((d) => [d.code, d.hint])).toEqual([
      ["list-for-one", 'Item "r0c1" of "cells" has no namesake there.'],
    ]);
  });
});

test("a list from another block where the value of the same item is meant gets a hint", async () => {
  const loaded = await load(
    `tiepoint: 1
inputs: { x: { all: "*.tif" } }
steps:
  first: { each: x, steps: { g: { use: preprocess/gray, in: first } } }
  second: { each: x, steps: { m: { use: match/sift, fixed: second, moving: first.g } } }
`,
    { files: files("a.tif") },
  );
  expect(loaded.ok ? [] : loaded.diagnostics.map((d) => [d.code, d.hint])).toEqual([
    ["list-for-one", "For the value of the same item let the block run over first, and write second.g."],
  ]);
});

test("more pairs than a plan can hold are refused", async () => {
  const text = `tiepoint: 1
inputs: { x: { table: t.csv } }
steps:
  pair: { each: { pairs-within: { of: x, range: 1000 } }, steps: { s: { use: match/phase-correlation, fixed: pair.a, moving: pair.b } } }
`;
  const table = `id,file\n${Array.from({ length: 1000 }, (_, i) => `i${i},${i}.tif`).join("\n")}\n`;
  const loaded = await load(text, { files: { "/data/t.csv": table } });
  expect(loaded.ok ? "" : loaded.diagnostics[0]!.code).toBe("too-many-items");
});

test("a collection whose blocks all skip bad items skips bad files too", async () => {
  const text = (onFail: string) => `tiepoint: 1
inputs: { x: { all: "*.tif" } }
steps:
  s: { each: x, ${onFail} steps: { g: { use: preprocess/gray, in: s } } }
outputs: { "{id}.png": s.g }
`;
  for (const [words, expected] of [
    ["", "stop"],
    ["on-fail: skip,", "skip"],
  ] as const) {
    const loaded = await load(text(words), { files: files("a.tif") });
    expect(loaded.ok && loaded.value.tasks[0]!.onFail).toBe(expected);
  }
});
