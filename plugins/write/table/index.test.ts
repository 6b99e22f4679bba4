import { parseTilePositions } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();

test("a table is written with a header and one line per row", async () => {
  const table = { columns: { slice: ["a", 'b "2", c'], "shift x": [0.1, Number.NaN] } };
  await plugin.run({ table }, {}, files.context("t.csv"));
  expect(files.text("t.csv")).toBe('slice,shift x\na,0.1\n"b ""2"", c",\n');
});

test("columns of unequal length are refused", async () => {
  const outcome = await plugin.run({ table: { columns: { a: [1], b: [] } } }, {}, files.context("u.csv"));
  expect(outcome).toMatchObject({ ok: false, diagnostics: [{ code: "ragged-table" }] });
});

test("positions of tiles are written as Fiji reads them, and come back", async () => {
  const table = { columns: { file: ["a.tif", "b.tif"], x: [0, 460.123], y: [-1.5, 2], island: [0, 0] } };
  await plugin.run({ table }, {}, files.context("TileConfiguration.registered.txt"));
  const text = files.text("TileConfiguration.registered.txt");
  expect(text).toContain("dim = 2\n");
  expect(text).toContain("\nb.tif; ; (460.123, 2)\n");
  const { x, y, file } = table.columns;
  expect(parseTilePositions(text)).toEqual({ ok: true, value: { columns: { file, x, y } } });
});

test.each([
  ["a table without places", { columns: { file: ["a"], x: [1] } }],
  ["a file name with a semicolon", { columns: { file: ["a;b"], x: [1], y: [1] } }],
])("%s cannot be written as positions", async (_, table) => {
  const outcome = await plugin.run({ table }, {}, files.context("v.txt"));
  expect(outcome).toMatchObject({ ok: false, diagnostics: [{ code: "not-tile-positions" }] });
});
