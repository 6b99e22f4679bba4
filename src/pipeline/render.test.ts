import { describe, expect, test } from "vitest";
import { errorAt } from "./node.js";
import { lineColumn, render, renderAll, renderSpans } from "./render.js";

const at = (offset: number, length: number) => ({ file: "p.yaml", offset, length });
const show = (text: string, offset: number, length: number) =>
  render(errorAt(at(offset, length), "some-code", "What is wrong", "Do this."), new Map([["p.yaml", text]]));

describe("a diagnostic is shown", () => {
  test("with its line, its token and what to do", () => {
    expect(show("steps:\n  a: { use: x }\n", 16, 1)).toMatchInlineSnapshot(`
      "error some-code  p.yaml:2:10
        2 |   a: { use: x }
          |          ^
        What is wrong
        help: Do this.
      "
    `);
  });

  test("under tabs, wide lines, Windows line ends, at the very end, and beyond", () => {
    expect(show("\ta: b\r\nc", 4, 1)).toContain("  1 | \ta: b\n    | \t   ^\n");
    expect(show(`${"x".repeat(300)}HERE${"y".repeat(300)}`, 300, 4)).toMatch(/…x+HEREy+…\n.* \^\^\^\^\n/);
    expect(show("abc", 3, 5)).toContain("| abc\n    |    ^\n");
    expect(show("abc", 50, 5)).toContain("| abc\n");
    expect(show("a\nbcd\ne", 2, 100)).toContain("  2 | bcd\n    | ^^^\n");
  });

  test("without a text, or without a place", () => {
    expect(render(errorAt(at(0, 1), "c", "m"), new Map())).toBe("error c  p.yaml\n  m\n");
    expect(render({ severity: "warning", code: "c", message: "m" }, new Map())).toBe("warning c\n  m\n");
  });

  test("without control characters, whatever the file holds", () => {
    expect(show("a: \u001b[31mred\u0007 \u202e", 0, 1)).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
  });

  test("word by word for colours", () => {
    const spans = renderSpans(errorAt(at(0, 1), "c", "m"), new Map([["p.yaml", "a"]]));
    expect(spans.map((s) => s.style)).toEqual([
      "error",
      "code",
      "place",
      "plain",
      "gutter",
      "plain",
      "gutter",
      "mark",
      "note",
      "plain",
    ]);
  });

  test("up to a limit", () => {
    const many = Array.from({ length: 30 }, () => errorAt(at(0, 1), "c", "m"));
    expect(renderAll(many, new Map())).toMatch(/… and 10 more\n$/);
  });
});

test("lines and columns count from one", () => {
  expect(lineColumn("ab\ncd", 0)).toEqual({ line: 1, column: 1 });
  expect(lineColumn("ab\ncd", 2)).toEqual({ line: 1, column: 3 });
  expect(lineColumn("ab\ncd", 3)).toEqual({ line: 2, column: 1 });
  expect(lineColumn("", 0)).toEqual({ line: 1, column: 1 });
});
