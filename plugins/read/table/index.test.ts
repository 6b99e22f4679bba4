import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();
const read = (text: string) => plugin.run({ file: files.put("t.csv", text) }, {}, files.context());

test("columns of numbers become numbers, others texts", async () => {
  expect(await read('id,area,note\n007,1.5,\n8,,"a, b"\n')).toEqual({
    ok: true,
    value: { table: { columns: { id: [7, 8], area: [1.5, Number.NaN], note: ["", "a, b"] } } },
  });
});

test("two columns of one name are refused", async () => {
  expect(await read("a,a\n1,2\n")).toMatchObject({ ok: false, diagnostics: [{ code: "double-column" }] });
});

const fiji = `# Define the number of dimensions we are working on
dim = 2

# Define the image coordinates
a b[1].tif; ; (0.0, -0.5)
c.tif; ; (920.870582,1e2)
`;

test("positions of Fiji are a table, whatever the file is called", async () => {
  const columns = { file: ["a b[1].tif", "c.tif"], x: [0, 920.870582], y: [-0.5, 100] };
  expect(await read(fiji)).toEqual({ ok: true, value: { table: { columns } } });
  expect(await read(fiji.replaceAll("\n", "\r\n"))).toEqual({ ok: true, value: { table: { columns } } });
});

test("positions of Fiji in three dimensions and of several series keep what they say", async () => {
  const text = "dim=3\nmultiseries = true\nall.lif; 0; (1, 2, 3)\nall.lif; 1; (4, 5, 6)\n";
  expect(await read(text)).toEqual({
    ok: true,
    value: {
      table: { columns: { file: ["all.lif", "all.lif"], series: ["0", "1"], x: [1, 4], y: [2, 5], z: [3, 6] } },
    },
  });
});

test("positions of MIST are a table with the cells of the grid", async () => {
  const text = [
    "file: img_r001_c001.tif; corr: 0.9998; position: (0, 0); grid: (0, 0);",
    "file: img; 2.tif; corr: -1.0; position: (461, -3); grid: (1, 0);",
  ].join("\n");
  expect(await read(text)).toEqual({
    ok: true,
    value: {
      table: {
        columns: {
          file: ["img_r001_c001.tif", "img; 2.tif"],
          x: [0, 461],
          y: [0, -3],
          col: [0, 1],
          row: [0, 0],
          corr: [0.9998, -1],
        },
      },
    },
  });
});

test.each([
  [
    "a line without brackets",
    "dim = 2\na.tif; ; (0, 0)\nb.tif; ; 5, 6\n",
    /line 3 is no "file; ; \(x, y\)": "b.tif; ; 5, 6"/,
  ],
  ["a place that is no number", "dim = 2\na.tif; ; (0, zero)\n", /line 2 has no 2 numbers/],
  ["too few numbers", "dim = 3\na.tif; ; (0, 1)\n", /line 2 has no 3 numbers/],
  ["four dimensions", "dim = 4\n", /line 1: dim = 4/],
  ["no tile at all", "dim = 2\n", /names no tile/],
  ["a line of MIST cut short", "file: a.tif; corr: 1; position: (1,\n", /line 1 is no "file/],
])("tile positions with %s are refused, by line", async (_, text, message) => {
  const outcome = await read(text);
  expect(outcome).toMatchObject({ ok: false, diagnostics: [{ code: "not-tile-positions" }] });
  expect(!outcome.ok && outcome.diagnostics[0]!.message).toMatch(message);
});

test("a table that Tiepoint wrote means what it meant", async () => {
  expect(await read("file,x,y,width,height,row,col\na.tif,0,0,10,10,0,0\n")).toMatchObject({
    value: { table: { meaning: "tile-layout" } },
  });
  expect(await read("file,x,y\na.tif,0,0\n")).not.toHaveProperty("value.table.meaning");
});
