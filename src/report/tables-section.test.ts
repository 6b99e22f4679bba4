import { expect, test } from "vitest";
import type { RunAccess, RunRecord } from "../core/record.js";
import { tablesSection } from "./tables-section.js";

const task = (id: string, plugin: string, item?: string) => ({
  ...{ id, step: id, plugin, outputs: [{ port: "table", type: "table", digest: "" }] },
  ...(item === undefined ? {} : { item }),
});
const section = async (columns: Record<string, (number | string)[]>, tasks = [task("train", "landmarks/train")]) => {
  const access = { value: async () => ({ columns }) } as unknown as RunAccess;
  return (await tablesSection({ tasks } as unknown as RunRecord, access))?.text;
};

test("a table of numbers over a growing first column is drawn as curves, with a name at each end", async () => {
  const text = await section({ images: [5, 10, 20], "mean-error-px": [4, 3, 2.5], median: [3, 2, 2] });
  expect(text).toMatch(/aria-label="mean-error-px, median over images"/);
  expect(text!.match(/class="line"/g)).toHaveLength(2);
  expect(text).toMatch(/<td class="n">2.50<\/td>/);
});

test.each<[string, Record<string, (number | string)[]>]>([
  ["with texts", { image: ["a", "b"], error: [1, 2] }],
  ["whose first column goes up and down", { image: [1, 3, 2], error: [1, 2, 3] }],
  ["with holes", { image: [1, 2, 3], error: [1, Number.NaN, 3] }],
  ["of one row", { image: [1], error: [1] }],
])("a table %s is shown as rows alone", async (_, columns) => {
  const text = await section(columns);
  expect(text).toContain("<table>");
  expect(text).not.toContain("<svg");
});

test("only the first rows are shown, and names are no markup", async () => {
  const text = await section({ "<b>": Array.from({ length: 25 }, (_, i) => `<i>${i}`) });
  expect(text).toContain("&lt;i&gt;9");
  expect(text).not.toContain("&lt;i&gt;10");
  expect(text).toContain("15 further rows");
});

test("tables of files and of items are left out", async () => {
  expect(await section({ a: [1] }, [task("in", "read/table"), task("x[1].tre", "measure/tre", "1")])).toBe(undefined);
});
