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
