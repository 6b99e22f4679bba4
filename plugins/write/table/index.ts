import { writeFile } from "node:fs/promises";
import { csvCell, csvNumber, definePlugin, failed, problem, tileConfigurationText } from "tiepoint/plugin";

export default definePlugin({
  kind: "write",
  name: "table",
  version: "2",
  summary: "Writes a table as CSV, or tile positions as Fiji reads them (TileConfiguration.txt).",
  formats: { extensions: [".csv", ".txt"] },
  params: {},
  inputs: { table: "table" },
  outputs: {},
  async run({ table }, _, { target }) {
    const columns = Object.entries(table.columns);
    const rows = columns[0]?.[1].length ?? 0;
    const odd = columns.find(([, values]) => values.length !== rows);
    if (odd) {
      return failed(
        problem("ragged-table", `Expected ${rows} rows in every column, but "${odd[0]}" has ${odd[1].length}`),
      );
    }
    if (target!.toLowerCase().endsWith(".txt")) {
      const text = tileConfigurationText(table);
      if (!text.ok) return text;
      await writeFile(target!, text.value);
      return { ok: true, value: {} };
    }
    const lines = [columns.map(([name]) => csvCell(name)).join(",")];
    for (let i = 0; i < rows; i++) {
      const cells = columns.map(([, values]) => {
        const value = values[i]!;
        return typeof value === "number" ? csvNumber(value) : csvCell(value);
      });
      lines.push(cells.join(","));
    }
    await writeFile(target!, `${lines.join("\n")}\n`);
    return { ok: true, value: {} };
  },
});
