import { describe, expect, test } from "vitest";
import { pixelGrid } from "./grid.js";
import { parseQuantity, pixelLength, worldLength } from "./quantity.js";

const bench = { ...pixelGrid(10, 10), worldFromPixel: [0.5, 0, 0, 0, 0.5, 0], crs: "um" } as const;

describe("values with units", () => {
  test.each([
    ["3 px", "length", { value: 3, unit: "px" }],
    ["1.5um", "length", { value: 1.5, unit: "um" }],
    ["20 nm", "length", { value: 0.02, unit: "um" }],
    ["2 mm", "length", { value: 2000, unit: "um" }],
    ["10 %", "ratio", 0.1],
    ["2 GB", "bytes", 2e9],
    ["1 KiB", "bytes", 1024],
  ] as const)("%s is read as a %s", (text, dimension, value) => {
    const read = parseQuantity(text, dimension);
    expect(read.ok && read.value).toEqual(value);
  });

  test("180 deg is pi", () => {
    const read = parseQuantity("180 deg", "angle");
    expect(read.ok && read.value).toBeCloseTo(Math.PI, 12);
  });

  test.each([
    [3, "length", "unit-missing", 'Write "3 px" or "3 um".'],
    ["3 furlongs", "length", "unit-unknown", undefined],
    ["three px", "length", "not-a-quantity", undefined],
    ["5 deg", "length", "unit-unknown", undefined],
    ["constructor", "length", "not-a-quantity", undefined],
    ["1 constructor", "length", "unit-unknown", undefined],
  ] as const)("%s is refused with a reason", (text, dimension, code, hint) => {
    const read = parseQuantity(text, dimension);
    expect(read.ok).toBe(false);
    if (!read.ok) {
      expect(read.diagnostics[0]!.code).toBe(code);
      if (hint) expect(read.diagnostics[0]!.hint).toBe(hint);
    }
  });

  test("lengths follow the grid's spacing, and physical ones need it", () => {
    expect(worldLength({ value: 4, unit: "px" }, bench)).toEqual({ ok: true, value: 2 });
    expect(pixelLength({ value: 4, unit: "um" }, bench)).toEqual({ ok: true, value: 8 });
    const unknown = worldLength({ value: 4, unit: "um" }, pixelGrid(10, 10));
    expect(!unknown.ok && unknown.diagnostics[0]!.code).toBe("no-pixel-size");
  });
});
