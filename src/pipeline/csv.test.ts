import { describe, expect, test } from "vitest";
import { parseCsv } from "./csv.js";

const rowsOf = (text: string): readonly (readonly string[])[] => {
  const table = parseCsv("t.csv", text);
  if (!table.ok) throw new Error(table.diagnostics.map((d) => d.code).join());
  return [table.value.columns, ...table.value.rows.map((r) => r.map((c) => c.text))];
};
const codeOf = (text: string): string => {
  const table = parseCsv("t.csv", text);
  return table.ok ? "ok" : table.diagnostics[0]!.code;
};

describe("tables of items", () => {
  test.each([
    [
      "plain",
      "a,b\n1,2\n3,4\n",
      [
        ["a", "b"],
        ["1", "2"],
        ["3", "4"],
      ],
    ],
    [
      "no last line end",
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "Windows line ends",
      "a,b\r\n1,2\r\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "quotes",
      'a,b\n"1,5","say ""x"""\n',
      [
        ["a", "b"],
        ["1,5", 'say "x"'],
      ],
    ],
    [
      "a line end in quotes",
      'a,b\n"1\n2",3\n',
      [
        ["a", "b"],
        ["1\n2", "3"],
      ],
    ],
    [
      "semicolons",
      "a;b\n1,5;2\n",
      [
        ["a", "b"],
        ["1,5", "2"],
      ],
    ],
    [
      "tabs",
      "a\tb\n1\t2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "comments and empty lines",
      "# c,d,e\n\na,b\n\n1,2\n# x\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "an empty last cell",
      "a,b\n1,\n",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    [
      "spaces around cells",
      "a , b\n 1,2 \n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ["one column", "a\n1\n2\n", [["a"], ["1"], ["2"]]],
  ])("read %s", (_, text, rows) => {
    expect(rowsOf(text)).toEqual(rows);
  });

  test.each([
    ["nothing", "", "table-empty"],
    ["comments only", "# a\n# b\n", "table-empty"],
    ["an open quote", 'a,b\n"1,2\n', "table-quote"],
    ["a short row", "a,b\n1,2\n3\n", "table-ragged"],
    ["a long row", "a,b\n1,2,3\n", "table-ragged"],
    ["a column twice", "a,a\n1,2\n", "table-head"],
    ["a column without name", "a,\n1,2\n", "table-head"],
    ["a forbidden column", "a,__proto__\n1,2\n", "forbidden-name"],
    ["too many columns", `${Array.from({ length: 600 }, (_, i) => `c${i}`).join()}\n`, "table-too-large"],
  ])("refuse %s", (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  test("know where each cell stands", () => {
    const text = 'a,b\n1,"two"\n';
    const table = parseCsv("t.csv", text);
    if (!table.ok) throw new Error("must parse");
    const { at } = table.value.rows[0]![1]!;
    expect(text.slice(at.offset, at.offset + at.length)).toBe('"two"');
  });
});
