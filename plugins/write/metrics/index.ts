import { writeFile } from "node:fs/promises";
import { csvCell, csvNumber, definePlugin, prettyJson } from "tiepoint/plugin";

export default definePlugin({
  kind: "write",
  name: "metrics",
  version: "1",
  summary: "Writes named numbers with their units, as JSON or CSV by the file's extension.",
  formats: { extensions: [".json", ".csv"] },
  params: {},
  inputs: { metrics: "metrics" },
  outputs: {},
  async run({ metrics }, _, { target }) {
    const entries = Object.entries(metrics).sort(([a], [b]) => (a < b ? -1 : 1));
    const text = target!.toLowerCase().endsWith(".csv")
      ? [
          "name,value,unit",
          ...entries.map(([n, m]) => `${csvCell(n)},${csvNumber(m.value)},${csvCell(m.unit ?? "")}`),
          "",
        ].join("\n")
      : prettyJson(Object.fromEntries(entries.map(([n, m]) => [n, { value: m.value, unit: m.unit }])));
    await writeFile(target!, text);
    return { ok: true, value: {} };
  },
});
