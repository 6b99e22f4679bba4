import { createColors } from "picocolors";
import { expect, test } from "vitest";
import { countDiagnostics, showDiagnostics } from "./show-diagnostics.js";

const error = { severity: "error", code: "no-luck", message: "Nothing there", hint: "Look elsewhere." } as const;

test("a diagnostic is shown with its hint, and colours where they are wanted", () => {
  expect(showDiagnostics([error])).toBe("error no-luck\n  Nothing there\n  help: Look elsewhere.");
  expect(showDiagnostics([error], new Map(), createColors(true))).toContain("\u001b[31merror\u001b[39m");
});

test("of very many the first are shown", () => {
  expect(showDiagnostics(new Array(30).fill(error), new Map(), undefined, 2).split("\n\n").at(-1)).toBe(
    "… and 28 more",
  );
});

test("counts are told in words", () => {
  const warning = { ...error, severity: "warning" } as const;
  expect(countDiagnostics([error, warning, warning])).toBe("1 error, 2 warnings");
  expect(countDiagnostics([])).toBe("");
});
