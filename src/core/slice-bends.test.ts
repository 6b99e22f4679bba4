import { expect, test } from "vitest";
import { type SliceBends, sliceBends, sliceBendsTable } from "./slice-bends.js";
import { asMeant } from "./table-meaning.js";

const bends: SliceBends = {
  slices: ["b", "a"],
  lattice: { columns: 3, rows: 2, spacing: 40, origin: [-40.5, -39.5] },
  coefficients: [Float64Array.from({ length: 12 }, (_, k) => k / 8), new Float64Array(12).fill(-0.25)],
};

test("bends come back from their table, and its columns tell what it is", () => {
  const table = sliceBendsTable(bends);
  expect(sliceBends(table)).toEqual({ ok: true, value: bends });
  expect(asMeant({ columns: table.columns }).meaning).toBe("slice-bends");
  expect(table.columns.x!.slice(0, 4)).toEqual([-40.5, -0.5, 39.5, -40.5]);
  const texts = Object.entries(table.columns).map(([name, values]) => [name, values.map(String)]);
  expect(sliceBends({ columns: Object.fromEntries(texts) })).toEqual({ ok: true, value: bends });
});

test("no slice may bend", () => {
  const none = sliceBends(sliceBendsTable({ ...bends, slices: [], coefficients: [] }));
  expect(none).toMatchObject({ ok: true, value: { slices: [] } });
});

const { columns } = sliceBendsTable(bends);
const changed = (name: string, change: (values: readonly (string | number)[]) => readonly (string | number)[]) => ({
  columns: { ...columns, [name]: change(columns[name]!) },
});

test.each([
  ["without a column", { columns: { file: columns.file!, x: columns.x!, y: columns.y!, dx: columns.dx! } }],
  ["with words for numbers", changed("dx", (v) => v.map(() => "far"))],
  ["with a gap", changed("dy", (v) => v.with(3, ""))],
  ["off a lattice", changed("x", (v) => v.with(4, 7))],
  ["on two lattices", changed("y", (v) => v.map((y, i) => (i < 6 ? y : Number(y) + 3)))],
  ["of one row", { columns: Object.fromEntries(Object.entries(columns).map(([k, v]) => [k, v.slice(0, 1)])) }],
  ["with a row missing", { columns: Object.fromEntries(Object.entries(columns).map(([k, v]) => [k, v.slice(1)])) }],
  ["with a slice twice", changed("file", (v) => v.map((_, i) => (i < 6 ? "a" : "a")))],
])("a table %s is refused", (_, table) => {
  expect(sliceBends(table)).toMatchObject({ ok: false, diagnostics: [{ code: "not-slice-bends" }] });
});
