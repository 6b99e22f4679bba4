import { expect, test } from "vitest";
import {
  edgesTable,
  layoutTable,
  positionsTable,
  seamsTable,
  type TileEdges,
  type TileSeams,
  tileEdges,
  tileLayout,
  tilePositions,
  tileSeams,
} from "./tile-tables.js";

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

test("edges and seams come back from their tables, also what was not found", () => {
  const two = (a: number, b: number) => Float64Array.of(a, b);
  const edges: TileEdges = {
    ...{ a: ["a.tif", "a.tif"], b: ["b.tif", "c.tif"], state: ["used", "empty"] },
    ...{ dx: two(460, Number.NaN), dy: two(1, Number.NaN), sigmaX: two(0.1, Number.NaN), sigmaY: two(0.2, Number.NaN) },
    ...{ ncc: two(0.9, Number.NaN), residual: two(0.05, Number.NaN) },
  };
  expect(tileEdges(edgesTable(edges))).toEqual({ ok: true, value: edges });
  const seams: TileSeams = {
    ...{ a: edges.a, b: edges.b, x: two(0, 1), y: two(2, 3), width: two(50, 512), height: two(512, 50) },
    ...{ step: two(0.01, 0.02), gain: two(0, -0.1), ncc: two(0.9, Number.NaN) },
  };
  expect(tileSeams(seamsTable(seams))).toEqual({ ok: true, value: seams });
  const other = { columns: { a: ["a"], b: ["b"] } };
  expect(tileEdges(other)).toMatchObject({ ok: false, diagnostics: [{ code: "not-tile-edges" }] });
  expect(tileSeams(other)).toMatchObject({ ok: false, diagnostics: [{ code: "not-tile-seams" }] });
});
