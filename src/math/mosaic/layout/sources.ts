import { type Diagnostic, failed, ok, problem, type Result, warning } from "../../../core/diagnostic.js";
import { invertAffine } from "../../../core/grid.js";
import type { Image } from "../../../core/image.js";
import { baseName, placesInNames, saysRow, steps } from "./names.js";
import { type NamedRows, namedRows, tileFinder } from "./placed-names.js";
import type { LayoutRequest, Source } from "./request.js";

/**
 * All that says where the tiles are, in the order in which it is believed: the table of positions, stage positions in the
 * files, fields of the names, numbers in the names.
 *
 * @returns at least one; or what keeps the table of positions from being used, or `no-places`
 */
export function sourcesOf(request: LayoutRequest): Result<readonly Source[]> {
  const out: Source[] = [];
  const rows = request.names ? namedRows(request.names, "the table of names") : undefined;
  if (rows && !rows.ok) return rows;
  const files = filesOf(request);
  if (request.positions) {
    const given = fromPositions(request, files);
    if (!given.ok) return given;
    out.push(given.value);
  }
  const stage = fromStage(request.images);
  if (stage) out.push(stage);
  if (rows) {
    const fields = inOrder(rows.value, request.ids, files);
    const source = fields && fromFields(fields, "the fields row and col of the names", []);
    if (source) out.push(source);
  }
  const named = placesInNames(files);
  if (named?.kind === "grid") {
    const firstIsRow = saysRow(named.labels[0]) || !saysRow(named.labels[1]);
    const [y, x] = firstIsRow ? [named.first, named.second] : [named.second, named.first];
    const labelled = named.labels.some(saysRow);
    out.push({ kind: "grid", words: "two numbers in the names", x, y, labelled, notes: [] });
  } else if (named) {
    out.push({ kind: "sequence", words: "the number in the names", numbers: named.numbers, notes: [] });
  }
  if (out.length > 0) return ok(out);
  return failed(
    problem(
      "no-places",
      `Nothing says where the ${files.length} tiles are: there are no positions, the files hold none, and their names (${files.slice(0, 2).join(", ")}, …) hold no numbers that make a grid`,
      'Give positions: a file with file, x and y of each tile; or name row and column in the pattern, as in "tile_{row}_{col}.tif".',
    ),
  );
}

/** File names of the tiles, as far as they are known; else their ids. */
function filesOf({ ids, names }: LayoutRequest): readonly string[] {
  const { id, file } = names?.columns ?? {};
  if (!file) return ids;
  const known = new Map((id ?? file).map((v, i) => [String(v), baseName(String(file[i]))]));
  return ids.map((v) => known.get(v) ?? v);
}

function fromPositions(request: LayoutRequest, files: readonly string[]): Result<Source> {
  const read = namedRows(request.positions!, "the table of positions");
  if (!read.ok) return read;
  const rows = read.value;
  const find = tileFinder(request.ids.map((id, i) => [id, files[i]!]));
  const rowOf = new Map<number, number>();
  const missing: string[] = [];
  for (const [row, name] of rows.files.entries()) {
    const tile = find(name);
    if (tile === undefined) missing.push(name);
    else {
      const first = rowOf.get(tile);
      const same = first !== undefined && rows.x?.[first] === rows.x?.[row] && rows.y?.[first] === rows.y?.[row];
      if (first !== undefined && !same) {
        return failed(
          problem(
            "same-tile",
            `The table of positions names ${name} twice, at (${rows.x?.[first]}, ${rows.y?.[first]}) and (${rows.x?.[row]}, ${rows.y?.[row]})`,
            "Take one of the rows out.",
          ),
        );
      }
      rowOf.set(tile, row);
    }
  }
  if (rowOf.size === 0) {
    return failed(
      problem(
        "positions-of-others",
        `The table of positions names none of the ${files.length} tiles: it has ${rows.files.slice(0, 2).join(", ")}, and the tiles are ${files.slice(0, 2).join(", ")}`,
        "Give the positions of these tiles; folders and extensions need not agree, names must.",
      ),
    );
  }
  const notes: Diagnostic[] = [];
  if (missing.length > 0) {
    notes.push(
      warning(
        "tiles-missing",
        `Of ${rows.files.length} tiles that the table of positions names, ${missing.length === 1 ? "one is" : `${missing.length} are`} not there: ${someOf(missing)}`,
        "The mosaic has holes where nothing else shows their place.",
      ),
    );
  }
  const at = (values: readonly number[]) =>
    Float64Array.from(files, (_, i) => (rowOf.has(i) ? values[rowOf.get(i)!]! : Number.NaN));
  if (!rows.x || !rows.y) {
    const all = files.every((_, i) => rowOf.has(i));
    const some = (values: readonly number[] | undefined) => values && files.map((_, i) => values[rowOf.get(i)!]!);
    const [row, col, number] = [some(rows.row), some(rows.col), some(rows.number)];
    const source = all
      ? fromFields(
          { ...(row ? { row } : {}), ...(col ? { col } : {}), ...(number ? { number } : {}) },
          "the table of positions",
          notes,
        )
      : undefined;
    if (source) return ok(source);
    return failed(
      problem(
        "not-tile-places",
        `Expected the table of positions to have the columns x and y, or row and col for every tile, but it has ${Object.keys(request.positions!.columns).join(", ")}`,
      ),
    );
  }
  const [x, y] = [at(rows.x), at(rows.y)];
  const unit = rows.unit ?? (request.unit === "auto" ? "px" : request.unit);
  const words = "the table of positions";
  if (unit === "px") return ok({ kind: "places", words, x, y, scaled: true, notes });
  const pixel = request.pixelSize ?? pixelOf(request.images);
  if (!pixel) {
    return failed(
      problem(
        "pixel-size-unknown",
        "The positions are in micrometres, but neither the files nor pixel-size say how large a pixel is",
        "Add pixel-size: 0.5 um, say.",
      ),
    );
  }
  return ok({ kind: "places", words, x: x.map((v) => v / pixel), y: y.map((v) => v / pixel), scaled: true, notes });
}

const pixelOf = (images: readonly Image[]): number | undefined => {
  const { crs, worldFromPixel } = images[0]!.grid;
  return crs === "um" ? Math.abs(worldFromPixel[0]) : undefined;
};

/** Places of the tiles' grids in their world, in pixels; nothing where all lie at one place, or have different pixels. */
function fromStage(images: readonly Image[]): Source | undefined {
  const first = images[0]!.grid;
  const [a, b, , d, e] = first.worldFromPixel;
  const alike = images.every(({ grid }) => {
    const [p, q, , r, s] = grid.worldFromPixel;
    const near = (u: number, v: number) => Math.abs(u - v) <= 1e-4 * Math.abs(a * e - b * d) ** 0.5;
    return grid.crs === first.crs && near(p, a) && near(q, b) && near(r, d) && near(s, e);
  });
  if (!alike) return undefined;
  const back = invertAffine([a, b, 0, d, e, 0]);
  const places = images.map(({ grid: { worldFromPixel: m } }) => [
    back[0] * m[2] + back[1] * m[5],
    back[3] * m[2] + back[4] * m[5],
  ]);
  const [x, y] = [0, 1].map((k) => Float64Array.from(places, (p) => p[k]! - places[0]![k]!));
  if (![x!, y!].some((values) => values.some((v) => Math.abs(v) > 1))) return undefined;
  return { kind: "places", words: "the stage positions in the files", x: x!, y: y!, scaled: true, notes: [] };
}

/** The rows of a table of names in the order of the tiles; nothing where a tile is missing there. */
function inOrder(rows: NamedRows, ids: readonly string[], files: readonly string[]): Fields | undefined {
  const at = new Map(rows.files.map((name, i) => [baseName(name), i]));
  const order = ids.map((id, i) => at.get(baseName(files[i]!)) ?? at.get(id));
  if (order.some((i) => i === undefined)) return undefined;
  const pick = (values: readonly number[] | undefined) => values && order.map((i) => values[i!]!);
  const [row, col, number] = [pick(rows.row), pick(rows.col), pick(rows.number)];
  return { ...(row ? { row } : {}), ...(col ? { col } : {}), ...(number ? { number } : {}) };
}

interface Fields {
  readonly row?: readonly number[];
  readonly col?: readonly number[];
  readonly number?: readonly number[];
}

function fromFields({ row, col, number }: Fields, words: string, notes: readonly Diagnostic[]): Source | undefined {
  if (row && col && row.every(Number.isInteger) && col.every(Number.isInteger)) {
    return { kind: "grid", words, x: steps(col), y: steps(row), labelled: true, notes };
  }
  if (number?.every(Number.isInteger) && new Set(number).size === number.length) {
    return { kind: "sequence", words: `${words}: a running number`, numbers: Int32Array.from(number), notes };
  }
  return undefined;
}

/** The first few of a list, in words. */
export const someOf = (names: readonly string[], most = 5): string =>
  `${names.slice(0, most).join(", ")}${names.length > most ? ` and ${names.length - most} more` : ""}`;
