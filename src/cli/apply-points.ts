import { cellNumber, cellText, csvCell, csvNumber, findColumn, parseCsv } from "../core/csv.js";
import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import { type Grid, toPixel, toWorld } from "../core/grid.js";
import type { Points } from "../core/points.js";
import type { Registration } from "../core/registration.js";
import { apply, invert } from "../core/transform.js";

export type Origin = "moving" | "fixed";
export type Units = "pixel" | "world";

/** Maps interleaved points; NaN where the transform does not reach. */
export type MapPoints = (points: Float64Array) => Float64Array;

/** A file with its points mapped, and how many there were. */
export interface Mapped {
  readonly text: string;
  readonly points: number;
  /** Points, or shapes, that the transform does not reach. */
  readonly outside: number;
}

/**
 * The map of points that a registration means for files of one image: from the image `from` to the other one.
 *
 * Pixel coordinates go through the grids of the two images; without grids the world is the pixels.
 */
export function pointMap({ transform, fixed, moving }: Registration, from: Origin, units: Units): MapPoints {
  const map = from === "fixed" ? transform : invert(transform);
  const [source, target] = from === "fixed" ? [fixed, moving] : [moving, fixed];
  const inWorld = (points: Float64Array, grid: Grid | undefined) =>
    (units === "pixel" && grid ? toWorld(grid, points as Points<"pixel">) : points) as Points<"world">;
  return (points) => {
    const mapped = apply(map, inWorld(points, source));
    return units === "pixel" && target ? toPixel(target, mapped) : mapped;
  };
}

/**
 * Maps the columns x and y of a CSV file; other columns, their order and the order of rows stay.
 *
 * A file of tie points has no such columns: there the points of the image `from` are mapped into new columns mapped_x and mapped_y.
 */
export function mapCsv(text: string, map: MapPoints, from: Origin): Result<Mapped> {
  const parsed = parseCsv(text);
  if (!parsed.ok) return parsed;
  const { comments, header, rawHeader, rows, delimiter } = parsed.value;
  const own = [findColumn(header, "x"), findColumn(header, "y")] as const;
  const isPlain = own[0] >= 0 && own[1] >= 0;
  const [cx, cy] = isPlain ? own : ([findColumn(header, `${from}_x`), findColumn(header, `${from}_y`)] as const);
  if (cx < 0 || cy < 0) {
    return failed(
      problem(
        "no-such-column",
        `Expected columns "x" and "y", but found ${header.map((h) => `"${h}"`).join(", ")}`,
        "Rename the columns that hold the coordinates to x and y.",
      ),
    );
  }
  const points = new Float64Array(2 * rows.length);
  for (const [i, row] of rows.entries()) {
    for (const [k, column] of [cx, cy].entries()) {
      const value = cellNumber(row[column]!);
      if (value === undefined) {
        const found = cellText(row[column]!).slice(0, 60);
        return failed(
          problem(
            "not-a-number",
            `Expected a number in column "${header[column]}", row ${i + 1}, but found "${found}"`,
          ),
        );
      }
      points[2 * i + k] = value;
    }
  }
  const mapped = map(points);
  let outside = 0;
  const names = rawHeader.map((h) => rewritten(h, delimiter));
  if (!isPlain) names.push("mapped_x", "mapped_y");
  const lines = [...comments.map((c) => `# ${c}`), names.join(delimiter)];
  for (const [i, row] of rows.entries()) {
    const [x, y] = [mapped[2 * i]!, mapped[2 * i + 1]!];
    const inside = Number.isFinite(x) && Number.isFinite(y);
    if (!inside) outside++;
    const cells = [...row];
    cells[isPlain ? cx : row.length] = inside ? csvNumber(x) : "";
    cells[isPlain ? cy : row.length + 1] = inside ? csvNumber(y) : "";
    lines.push(cells.join(delimiter));
  }
  return ok({ text: `${lines.join("\n")}\n`, points: rows.length, outside });
}

/** A header cell as it was, unless it would begin a comment. */
const rewritten = (cell: string, delimiter: string): string =>
  cell.startsWith("#") ? csvCell(cellText(cell), delimiter) : cell;

/** How deep a geometry collection may be nested, and coordinates within a geometry. */
const MAX_NESTING = 16;

const depths: Readonly<Record<string, number>> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
};

class GeoJsonError extends Error {}

/**
 * Maps all coordinates of a GeoJSON text: a geometry, a feature or a collection of either.
 *
 * Everything else in it stays, but bounding boxes, which would no longer hold. A shape with a point that the transform
 * does not reach loses its geometry.
 */
export function mapGeoJson(text: string, map: MapPoints): Result<Mapped> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch (error) {
    return failed(problem("not-json", `Expected GeoJSON: ${(error as Error).message}`));
  }
  const count = { points: 0, outside: 0 };
  try {
    const mapped = mapObject(parsed, map, count, 0);
    return ok({ text: `${JSON.stringify(mapped)}\n`, ...count });
  } catch (error) {
    if (!(error instanceof GeoJsonError)) throw error;
    return failed(
      problem("not-geojson", error.message, "Coordinates are read as RFC 7946 has them: type, coordinates, features."),
    );
  }
}

type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function mapObject(value: unknown, map: MapPoints, count: { points: number; outside: number }, depth: number): unknown {
  if (!isObject(value)) throw new GeoJsonError("Expected a GeoJSON object, but found something else");
  if (depth > MAX_NESTING) throw new GeoJsonError(`Expected geometries nested at most ${MAX_NESTING} deep`);
  const { bbox: _, ...rest } = value;
  const { type } = value;
  if (type === "FeatureCollection") {
    if (!Array.isArray(value.features)) throw new GeoJsonError("Expected a list of features in the FeatureCollection");
    return { ...rest, features: value.features.map((f) => mapObject(f, map, count, depth + 1)) };
  }
  if (type === "Feature") {
    return { ...rest, geometry: value.geometry == null ? null : mapObject(value.geometry, map, count, depth + 1) };
  }
  if (type === "GeometryCollection") {
    if (!Array.isArray(value.geometries))
      throw new GeoJsonError("Expected a list of geometries in the GeometryCollection");
    const parts = value.geometries.map((g) => mapObject(g, map, count, depth + 1));
    return { ...rest, geometries: parts.filter((part) => part !== null) };
  }
  if (typeof type !== "string" || !Object.hasOwn(depths, type)) {
    throw new GeoJsonError(`Expected a type such as Point or Polygon, but found ${JSON.stringify(type) ?? "none"}`);
  }
  const flat: number[] = [];
  gather(value.coordinates, depths[type]!, type, flat);
  const mapped = map(Float64Array.from(flat));
  count.points += flat.length / 2;
  if (!mapped.every(Number.isFinite)) {
    count.outside++;
    return null;
  }
  const next = { at: 0 };
  return { ...rest, coordinates: scatter(value.coordinates, depths[type]!, mapped, next) };
}

function gather(value: unknown, depth: number, type: string, out: number[]): void {
  if (!Array.isArray(value)) throw new GeoJsonError(`Expected a list of coordinates in a ${type}`);
  if (depth > 0) {
    for (const item of value) gather(item, depth - 1, type, out);
    return;
  }
  // An empty position is how an empty Point is written.
  if (value.length === 0) return;
  const [x, y] = value as unknown[];
  if (typeof x !== "number" || typeof y !== "number" || !Number.isFinite(x) || !Number.isFinite(y)) {
    throw new GeoJsonError(`Expected two finite numbers for a position of a ${type}`);
  }
  out.push(x, y);
}

function scatter(value: unknown, depth: number, mapped: Float64Array, next: { at: number }): unknown {
  const list = value as unknown[];
  if (depth > 0) return list.map((item) => scatter(item, depth - 1, mapped, next));
  if (list.length === 0) return [];
  const position = [mapped[next.at]!, mapped[next.at + 1]!, ...list.slice(2)];
  next.at += 2;
  return position;
}
