import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cellNumber, cellText, csvCell, csvNumber, numberColumn, parseCsv } from "./csv.js";

const parsed = (text: string) => {
  const result = parseCsv(text);
  if (!result.ok) throw new Error(result.diagnostics[0]!.message);
  return result.value;
};
const code = (text: string) => {
  const result = parseCsv(text);
  return result.ok ? undefined : result.diagnostics[0]!.code;
};

describe("CSV", () => {
  test("comments, quotes, line breaks in cells, and both kinds of line end", () => {
    const csv = parsed('\uFEFF# made by hand\r\n\r\nx,y,"cell name"\r\n1,2,"a ""b"",\nc"\r\n3,4,d');
    expect(csv.comments).toEqual(["made by hand"]);
    expect(csv.header).toEqual(["x", "y", "cell name"]);
    expect(csv.rows.map((row) => cellText(row[2]!))).toEqual(['a "b",\nc', "d"]);
    expect(csv.rows[0]![2]).toBe('"a ""b"",\nc"');
  });

  test.each([
    ["a;b\n1;2", ";"],
    ["a\tb\n1\t2", "\t"],
    ['"a;b",c\n1,2', ","],
  ])("%j is split at %j", (text, delimiter) => {
    const csv = parsed(text);
    expect(csv.delimiter).toBe(delimiter);
    expect(csv.rows).toEqual([["1", "2"]]);
  });

  test.each([
    ["", "empty-table"],
    ["# nothing\n\n", "empty-table"],
    ["a,b\n1", "ragged-table"],
    ['a,b\n1,"2', "unclosed-quote"],
  ])("%j is refused with %s", (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  test("a ragged row is told by its line", () => {
    expect(parseCsv('# c\na,b\n"1\n1",2\n3\n')).toMatchObject({
      diagnostics: [{ message: "Expected 2 cells in line 5, as in the header, but found 1" }],
    });
  });

  test("any cells come back from what was written (seed 1)", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 2 }), { maxLength: 5 }), (rows) => {
        const text = [["a", "b"], ...rows].map((row) => row.map((c) => csvCell(c)).join(",")).join("\n");
        expect(parsed(`${text}\n`).rows.map((row) => row.map(cellText))).toEqual(rows);
      }),
      { seed: 1 },
    );
  });

  test("numbers come back exactly, and nothing else counts as one (seed 2)", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => {
        expect(cellNumber(csvNumber(v))! === v).toBe(true);
      }),
      { seed: 2 },
    );
    expect(["", " nan", "1e999", "0x10", "1,5", "12 px", "--1"].map(cellNumber)).toEqual([
      Number.NaN,
      Number.NaN,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("a missing column is told with those that are there", () => {
    expect(numberColumn(parsed("a,b\n1,2"), "x")).toMatchObject({
      diagnostics: [{ code: "no-such-column", message: 'Expected a column "x", but found "a", "b"' }],
    });
  });
});
