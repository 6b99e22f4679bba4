import { readFile } from "node:fs/promises";
import { cellNumber, cellText, definePlugin, failed, parseCsv, problem } from "tiepoint/plugin";

const MAX_BYTES = 256e6;

export default definePlugin({
  kind: "read",
  name: "table",
  version: "1",
  summary: "Reads a table from a CSV file with a header line.",
  formats: { extensions: [".csv", ".tsv"] },
  params: {},
  inputs: { file: "file" },
  outputs: { table: "table" },
  async run({ file }) {
    if (file.bytes > MAX_BYTES) {
      return failed(problem("file-too-large", `Expected a table of at most 256 MB, but this has ${file.bytes} bytes`));
    }
    const csv = parseCsv(await readFile(file.path, "utf8"));
    if (!csv.ok) return csv;
    const { header, rows } = csv.value;
    const double = header.find((name, i) => header.indexOf(name) !== i);
    if (double !== undefined) {
      return failed(
        problem("double-column", `Expected each column once, but found "${double}" twice`, "Rename one of them."),
      );
    }
    const columns = header.map((name, c) => {
      const numbers = rows.map((row) => cellNumber(row[c]!));
      const numeric = numbers.some((v) => v !== undefined && !Number.isNaN(v)) && !numbers.includes(undefined);
      return [name, numeric ? (numbers as number[]) : rows.map((row) => cellText(row[c]!))] as const;
    });
    return { ok: true, value: { table: { columns: Object.fromEntries(columns) } } };
  },
});
