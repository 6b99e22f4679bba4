import { failed, ok, problem, type Result } from "./diagnostic.js";
import type { Table } from "./plugin.js";

/**
 * Where tiles are, in pixels of the tiles: the centre of tile i's first pixel is at (x, y). Tiles are only shifted, never
 * turned, and all have one pixel size; the frame begins at the leftmost and the topmost tile.
 */
export interface TilePlaces {
  /** Item ids of the tiles; file names where the collection says `id: "{file}"`. */
  readonly tiles: readonly string[];
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Size of each tile, pixels. */
  readonly width: Float64Array;
  readonly height: Float64Array;
}

/** What a stage, a file or its name says of the tiles' places. */
export interface TileLayout extends TilePlaces {
  /** Place in the grid of tiles, from 0; −1 where there is none. */
  readonly row: Int32Array;
  readonly col: Int32Array;
}

/** Places found by looking at the overlaps. */
export interface TilePositions extends TilePlaces {
  /** Standard deviation of the place relative to the tiles of the same island, or to the whole for an island, pixels. */
  readonly sigmaX: Float64Array;
  readonly sigmaY: Float64Array;
  /** Tiles that overlaps connect share a number; 0 is the largest group. Others lie where the stage says. */
  readonly island: Int32Array;
}

/** One pair of neighbouring tiles, and what was seen of it. */
export interface TileEdges {
  /** Item ids. */
  readonly a: readonly string[];
  readonly b: readonly string[];
  /** Place of b's first pixel in a's pixels, as the overlap shows it; NaN where nothing was found. */
  readonly dx: Float64Array;
  readonly dy: Float64Array;
  /** Standard deviation of that, pixels. */
  readonly sigmaX: Float64Array;
  readonly sigmaY: Float64Array;
  /** Correlation of the overlap, −1 to 1. */
  readonly ncc: Float64Array;
  /** Distance between what the overlap shows and where the tiles were put, pixels. */
  readonly residual: Float64Array;
  /** `used`, `weak` (not told from chance), `outlier` (found, but the others contradict it), `empty` or `unreadable`. */
  readonly state: readonly TileEdgeState[];
}
export type TileEdgeState = "used" | "weak" | "outlier" | "empty" | "unreadable";

/** What tiles look like where they overlap, as they were placed. */
export interface TileSeams {
  /** Item ids. */
  readonly a: readonly string[];
  readonly b: readonly string[];
  /** Where the two overlap, pixels of the mosaic's frame. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly width: Float64Array;
  readonly height: Float64Array;
  /** Mean step of brightness between the two, over small squares, as a share of the brightness there. */
  readonly step: Float64Array;
  /** How much brighter b is than a as a whole, as a share; negative when darker. */
  readonly gain: Float64Array;
  /** Correlation of the two, −1 to 1; NaN where one is blank. */
  readonly ncc: Float64Array;
}

export const seamsTable = (of: TileSeams): Table => ({
  meaning: "tile-seams",
  columns: {
    ...{ a: of.a, b: of.b, x: [...of.x], y: [...of.y], width: [...of.width], height: [...of.height] },
    ...{ step: [...of.step], gain: [...of.gain], ncc: [...of.ncc] },
  },
});

export const layoutTable = (of: TileLayout): Table => ({
  meaning: "tile-layout",
  columns: { ...placeColumns(of), row: [...of.row], col: [...of.col] },
});

export const positionsTable = (of: TilePositions): Table => ({
  meaning: "tile-positions",
  columns: {
    file: of.tiles,
    x: [...of.x],
    y: [...of.y],
    sigma_x: [...of.sigmaX],
    sigma_y: [...of.sigmaY],
    island: [...of.island],
    width: [...of.width],
    height: [...of.height],
  },
});

export const edgesTable = (of: TileEdges): Table => ({
  meaning: "tile-edges",
  columns: {
    a: of.a,
    b: of.b,
    dx: [...of.dx],
    dy: [...of.dy],
    sigma_x: [...of.sigmaX],
    sigma_y: [...of.sigmaY],
    ncc: [...of.ncc],
    residual: [...of.residual],
    state: of.state,
  },
});

const placeColumns = ({ tiles, x, y, width, height }: TilePlaces) => ({
  file: tiles,
  x: [...x],
  y: [...y],
  width: [...width],
  height: [...height],
});

/** Reads a table with columns file, x, y, width and height. @returns `not-tile-places` when one is missing or no number */
export function tilePlaces(table: Table): Result<TilePlaces> {
  const numbers = readNumbers(table, ["x", "y", "width", "height"]);
  if (!numbers.ok) return numbers;
  const [x, y, width, height] = numbers.value as [Float64Array, Float64Array, Float64Array, Float64Array];
  return ok({ tiles: table.columns.file!.map(String), x, y, width, height });
}

/** @returns `not-tile-places` when it is no table of `layoutTable`'s columns */
export function tileLayout(table: Table): Result<TileLayout> {
  const places = tilePlaces(table);
  if (!places.ok) return places;
  const cells = readNumbers(table, ["row", "col"]);
  if (!cells.ok) return cells;
  return ok({ ...places.value, row: Int32Array.from(cells.value[0]!), col: Int32Array.from(cells.value[1]!) });
}

/** @returns `not-tile-places` when it is no table of `positionsTable`'s columns */
export function tilePositions(table: Table): Result<TilePositions> {
  const places = tilePlaces(table);
  if (!places.ok) return places;
  const more = readNumbers(table, ["sigma_x", "sigma_y", "island"]);
  if (!more.ok) return more;
  const [sigmaX, sigmaY, island] = more.value as [Float64Array, Float64Array, Float64Array];
  return ok({ ...places.value, sigmaX, sigmaY, island: Int32Array.from(island) });
}

/** @returns `not-tile-places` when it is no table of `edgesTable`'s columns; what was not found is NaN */
export function tileEdges(table: Table): Result<TileEdges> {
  const { columns } = table;
  const lacking = ["a", "b", "dx", "dy", "ncc", "residual", "state"].filter((name) => !columns[name]);
  if (lacking.length > 0) {
    return failed(
      problem(
        "not-tile-edges",
        `Expected a table with the columns a, b, dx, dy, ncc, residual and state, but it lacks ${lacking.join(", ")}`,
        "Give the table edges of a step stitch/align.",
      ),
    );
  }
  const number = (name: string) =>
    Float64Array.from(columns[name] ?? columns.a!, (v) => (v === "" ? Number.NaN : Number(v)));
  return ok({
    ...{ a: columns.a!.map(String), b: columns.b!.map(String), state: columns.state! as readonly TileEdgeState[] },
    ...{ dx: number("dx"), dy: number("dy"), sigmaX: number("sigma_x"), sigmaY: number("sigma_y") },
    ...{ ncc: number("ncc"), residual: number("residual") },
  });
}

/** @returns `not-tile-seams` when it is no table of `seamsTable`'s columns */
export function tileSeams({ columns }: Table): Result<TileSeams> {
  const names = ["x", "y", "width", "height", "step", "gain", "ncc"];
  const lacking = ["a", "b", ...names].filter((name) => !columns[name]);
  if (lacking.length > 0) {
    return failed(
      problem(
        "not-tile-seams",
        `Expected a table with the columns a, b, ${names.join(", ")}, but it lacks ${lacking.join(", ")}`,
        "Give the table of a step measure/seams.",
      ),
    );
  }
  const number = (name: string) => Float64Array.from(columns[name]!, (v) => (v === "" ? Number.NaN : Number(v)));
  return ok({
    ...{ a: columns.a!.map(String), b: columns.b!.map(String) },
    ...{ x: number("x"), y: number("y"), width: number("width"), height: number("height") },
    ...{ step: number("step"), gain: number("gain"), ncc: number("ncc") },
  });
}

function readNumbers({ columns }: Table, names: readonly string[]): Result<readonly Float64Array[]> {
  const missing = ["file", ...names].filter((name) => !columns[name]);
  const bad = names.find((name) => columns[name]?.some((v) => Number.isNaN(Number(v))));
  if (missing.length === 0 && !bad) return ok(names.map((name) => Float64Array.from(columns[name]!, Number)));
  return failed(
    problem(
      "not-tile-places",
      missing.length > 0
        ? `Expected a table with the columns file, ${names.join(", ")}, but ${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing; it has ${Object.keys(columns).join(", ")}`
        : `Expected numbers in the column ${bad}`,
      "Give the table of a step stitch/layout or stitch/align.",
    ),
  );
}
