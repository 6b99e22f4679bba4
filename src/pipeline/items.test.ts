import { describe, expect, test } from "vitest";
import { load } from "../../test/support/load.js";

const tiles = { "/data/raw/t_01_02.tif": "", "/data/raw/t_01_03.tif": "" };

async function tasksOf(text: string, options: Parameters<typeof load>[1] = {}) {
  const loaded = await load(`tiepoint: 1\n${text}`, options);
  if (!loaded.ok) throw new Error(loaded.diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
  return loaded.value.tasks;
}

async function codesOf(text: string, options: Parameters<typeof load>[1] = {}) {
  const loaded = await load(`tiepoint: 1\n${text}`, options);
  return loaded.ok ? [] : loaded.diagnostics.map((d) => d.code);
}

describe("the table of a collection", () => {
  const collection = 'inputs: { tiles: { all: "raw/t_{row:02}_{col:02}.tif", id: "{file}" } }\n';
  const step =
    "steps: { layout: { use: stitch/layout, tiles: tiles, names: tiles.items } }\noutputs: { l.csv: layout }\n";

  test("holds ids, file names without folders, and fields", async () => {
    const tasks = await tasksOf(collection + step, { files: tiles });
    const rows = tasks.find((t) => t.id === "input:tiles.items")!;
    expect(rows.params).toEqual({
      columns: ["id", "file", "row", "col"],
      rows: [
        ["t_01_02.tif", "t_01_02.tif", "01", "02"],
        ["t_01_03.tif", "t_01_03.tif", "01", "03"],
      ],
    });
    expect(JSON.stringify(rows.params)).not.toContain("/data");
    const layout = tasks.find((t) => t.id === "layout")!;
    expect(layout.inputs.names).toEqual({ task: tasks.indexOf(rows), port: "table" });
    expect(layout.gates.map((g) => g.metric)).toEqual(["verdict"]);
  });

  test("is a column of the table where it has one of that name", async () => {
    const files = { "/data/t.csv": "id,file,items\na,a.tif,b.tif\n" };
    const tasks = await tasksOf("inputs: { t: { table: t.csv } }\noutputs: { '{id}.tif': t.items }", { files });
    expect(tasks[0]!.files).toEqual({ file: "/data/b.tif" });
  });

  test("holds all columns of a table", async () => {
    const files = { "/data/t.csv": "file,x\nd/a.tif,5\nd/b.tif,7\n" };
    const tasks = await tasksOf(
      "inputs: { t: { table: t.csv } }\nsteps: { layout: { use: stitch/layout, tiles: t, names: t.items } }\noutputs: { l.csv: layout }",
      { files },
    );
    expect(tasks.find((t) => t.id === "input:t.items")!.params).toEqual({
      columns: ["id", "file", "x"],
      rows: [
        ["a", "d/a.tif", "5"],
        ["b", "d/b.tif", "7"],
      ],
    });
  });

  test("is no table of a single file", async () => {
    expect(
      await codesOf(
        "inputs: { a: a.tif }\nsteps: { layout: { use: stitch/layout, tiles: [a], names: a.items } }\noutputs: { l.csv: layout }",
      ),
    ).toEqual(["unknown-name"]);
  });
});

describe("an optional input", () => {
  const text = (port: string, optional = "true") => `params: { extra: "" }
inputs:
  tiles: { all: "raw/*.tif" }
  extra: { file: "\${extra}", optional: ${optional} }
steps: { layout: { use: stitch/layout, tiles: tiles, ${port}: extra } }
outputs: { l.csv: layout }
`;

  test("is left out where its name is empty", async () => {
    const tasks = await tasksOf(text("shape"), { files: tiles });
    expect(tasks.map((t) => t.step)).toEqual(["input:tiles", "input:tiles", "layout", "output:l.csv"]);
    expect(tasks[2]!.inputs).not.toHaveProperty("shape");
  });

  test("is read where it has a name", async () => {
    const tasks = await tasksOf(text("shape"), { files: tiles, set: ["extra=s.png"] });
    expect(tasks.find((t) => t.id === "input:extra")!.files).toEqual({ file: "/data/s.png" });
  });

  test("feeds no port that must be given, whether it is there or not", async () => {
    const wrong = `params: { extra: "" }
inputs: { extra: { file: "\${extra}", optional: true } }
steps: { g: { use: preprocess/gray, in: extra } }
outputs: { o.tif: g }
`;
    expect(await codesOf(wrong)).toEqual(["optional-input"]);
    expect(await codesOf(wrong, { set: ["extra=a.tif"] })).toEqual(["optional-input"]);
  });

  test("says so by true or false, and is one file", async () => {
    expect(await codesOf(text("shape", "perhaps"), { files: tiles })).toContain("parameter-type");
    expect(await codesOf(text("shape", "false"), { files: tiles })).toContain("missing-file");
    expect(
      await codesOf('inputs: { t: { all: "raw/*.tif", optional: true } }\noutputs: { "{id}.tif": t }', {
        files: tiles,
      }),
    ).toEqual(["unknown-key"]);
  });
});
