import { readFile } from "node:fs/promises";
import {
  asMeant,
  cellNumber,
  cellText,
  definePlugin,
  failed,
  ok,
  parseCsv,
  parseTilePositions,
  problem,
  type Result,
  type Table,
} from "tiepoint/plugin";

const MAX_BYTES = 256e6;

export default definePlugin({
  kind: "read",
  name: "table",
  version: "2",
  summary:
    "Reads a table from a CSV file with a header line, or tile positions of Fiji (TileConfiguration.txt) or MIST.",
  formats: { extensions: [".csv", ".tsv", ".txt"] },
  params: {},
  inputs: { file: "file" },
  outputs: { table: "table" },
  async run({ file }) {
    if (file.bytes > MAX_BYTES) {
      return failed(problem("file-too-large", `Expected a table of at most 256 MB, but this has ${file.bytes} bytes`));
    }
    const text = await readFile(file.path, "utf8");
    const table = parseTilePositions(text) ?? tableOfCsv(text);
    return table.ok ? ok({ table: table.value }) : table;
  },
});

function tableOfCsv(text: string): Result<Table> {
  const csv = parseCsv(text);
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
  return ok(asMeant({ columns: Object.fromEntries(columns) }));
}
