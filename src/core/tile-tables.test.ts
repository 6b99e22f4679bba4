import { expect, test } from "vitest";
import { layoutTable, positionsTable, tileLayout, tilePositions } from "./tile-tables.js";

const places = {
  tiles: ["a.tif", "b.tif"],
  x: Float64Array.of(0, 460.25),
  y: Float64Array.of(0, -3.5),
  width: Float64Array.of(512, 512),
  height: Float64Array.of(512, 512),
};

test("positions and layouts come back from their tables", () => {
  const positions = {
    ...places,
    sigmaX: Float64Array.of(0, 0.02),
    sigmaY: Float64Array.of(0, 0.03),
    island: Int32Array.of(0, 1),
  };
  expect(tilePositions(positionsTable(positions))).toEqual({ ok: true, value: positions });
  const layout = { ...places, row: Int32Array.of(0, 0), col: Int32Array.of(0, 1) };
  expect(tileLayout(layoutTable(layout))).toEqual({ ok: true, value: layout });
});

test("another table is refused with its columns", () => {
  const refused = tilePositions({ columns: { file: ["a"], x: [1] } });
  expect(refused.ok ? "" : refused.diagnostics[0]).toMatchObject({
    code: "not-tile-places",
    message: expect.stringContaining("y, width, height are missing; it has file, x"),
  });
  const words = tilePositions({ columns: { file: ["a"], x: ["left"], y: [0], width: [1], height: [1] } });
  expect(words.ok ? "" : words.diagnostics[0]!.message).toBe("Expected numbers in the column x");
});
