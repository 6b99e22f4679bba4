import { expect, test } from "vitest";
import { slicesTable, sliceTransforms } from "./slice-tables.js";

test("transforms of slices come back from their table", () => {
  const of = {
    slices: ["1", "2"],
    frameFromSlice: [
      [1, 0, 0, 0, 1, 0],
      [1, 0.1, 2, -0.1, 1, 3],
    ] as const,
    sigma: Float64Array.of(0.1, 0.2),
    state: ["used", "bridged"] as const,
  };
  expect(sliceTransforms(slicesTable(of))).toEqual({ ok: true, value: of });
});

test("a table without a number where one belongs is refused", () => {
  const table = slicesTable({
    slices: ["1"],
    frameFromSlice: [[1, 0, 0, 0, 1, Number.NaN]],
    sigma: Float64Array.of(0),
    state: ["used"],
  });
  expect(sliceTransforms(table)).toMatchObject({ ok: false, diagnostics: [{ code: "not-slice-transforms" }] });
});
