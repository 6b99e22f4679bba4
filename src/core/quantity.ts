import { failed, ok, problem, type Result } from "./diagnostic.js";
import { type Grid, spacing } from "./grid.js";

/** What a value with a unit measures. */
export type Dimension = "length" | "angle" | "ratio" | "bytes";

/** A length as the user wrote it: pixels, or a physical length in micrometres. */
export interface Length {
  readonly value: number;
  readonly unit: "px" | "um";
}

const units: Readonly<Record<Dimension, Readonly<Record<string, number>>>> = {
  length: { px: 1, um: 1, µm: 1, nm: 1e-3, mm: 1e3, cm: 1e4, m: 1e6, km: 1e9 },
  angle: { deg: Math.PI / 180, rad: 1 },
  ratio: { "%": 0.01 },
  bytes: { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
};

const examples: Readonly<Record<Dimension, string>> = {
  length: "3 px or 1.5 um",
  angle: "15 deg",
  ratio: "10 %",
  bytes: "2 GB",
};

const form = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-zµ%]*)\s*$/;

/** What TypeScript code gets for a value of each dimension: lengths keep their unit, angles are radians, ratios fractions. */
export interface QuantityTypes {
  readonly length: Length;
  readonly angle: number;
  readonly ratio: number;
  readonly bytes: number;
}

/** The units that a dimension knows, for schemas and messages. */
export const unitNames = (dimension: Dimension): readonly string[] => Object.keys(units[dimension]);

/** An example of a value, for messages. */
export const exampleOf = (dimension: Dimension): string => examples[dimension];

/**
 * Reads a value with its unit: `3 px`, `50 um`, `15 deg`, `10 %`, `2 GB`.
 *
 * @returns the value; or `unit-missing` for a bare number, `unit-unknown`, `not-a-quantity`
 */
export function parseQuantity<D extends Dimension>(text: string | number, dimension: D): Result<QuantityTypes[D]> {
  const found = form.exec(String(text));
  if (!found) {
    return failed(
      problem("not-a-quantity", `Expected a number with a unit, such as ${examples[dimension]}, but found "${text}"`),
    );
  }
  const [, digits, unit] = found as unknown as [string, string, string];
  if (unit === "") {
    const names = unitNames(dimension)
      .slice(0, 2)
      .map((u) => `"${digits} ${u}"`);
    return failed(
      problem(
        "unit-missing",
        `Expected a unit after ${digits}, such as ${examples[dimension]}`,
        `Write ${names.join(" or ")}.`,
      ),
    );
  }
  const factor = Object.hasOwn(units[dimension], unit) ? units[dimension][unit] : undefined;
  if (factor === undefined) {
    return failed(
      problem(
        "unit-unknown",
        `"${unit}" is no unit of ${dimension === "ratio" ? "a share" : dimension}; expected one of ${unitNames(dimension).join(", ")}`,
      ),
    );
  }
  const value = Number(digits) * factor;
  if (dimension === "length") return ok({ value, unit: unit === "px" ? "px" : "um" } as QuantityTypes[D]);
  return ok(value as QuantityTypes[D]);
}

/** A length in the world units of a grid; pixels are that grid's. Physical lengths need a grid whose unit is a length. */
export function worldLength(length: Length, grid: Grid): Result<number> {
  if (length.unit === "px") return ok(length.value * spacing(grid));
  if (grid.crs === "um") return ok(length.value);
  if (grid.crs !== "px") return ok(length.value / 1e6); // projected CRS: metres
  return failed(
    problem(
      "no-pixel-size",
      `A length of ${length.value} um needs the image's pixel size, which its file does not give`,
      "Write the length in px, or add pixel-size: to the input.",
    ),
  );
}

/** A length in pixels of a grid. */
export function pixelLength(length: Length, grid: Grid): Result<number> {
  if (length.unit === "px") return ok(length.value);
  const world = worldLength(length, grid);
  return world.ok ? ok(world.value / spacing(grid)) : world;
}

export const formatLength = (length: Length): string => `${length.value} ${length.unit}`;
