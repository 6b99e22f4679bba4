import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { cellText, parseCsv } from "../core/csv.js";
import { failed, ok, type Result } from "../core/diagnostic.js";
import { formatBytes } from "../core/format.js";
import type { Image } from "../core/image.js";
import type { Table } from "../core/plugin.js";
import { parseTilePositions } from "../core/tile-position-files.js";
import { kernels } from "../kernel/lane.js";
import { findLayout } from "../math/mosaic/layout/find-layout.js";
import { namedRows } from "../math/mosaic/layout/placed-names.js";
import { layoutPreview } from "../math/mosaic/layout/preview.js";
import { openImage } from "./open-image.js";

/** Fewer images than this are no mosaic, unless positions are given with them. */
const LEAST = 4;
const MAX_TEXT = 50e6;
/** Kernel memory for looking at overlaps. */
const MEMORY = 1e9;

/** Files of a mosaic among those that were named. */
export interface MosaicFiles {
  readonly tiles: readonly string[];
  readonly positions?: { readonly file: string; readonly table: Table };
}

/** Sorts files into tiles and a table of their positions; tiles that the table alone names are looked for beside it. */
export function mosaicFiles(files: readonly string[]): MosaicFiles | undefined {
  const tables = files.filter((file) => /^\.(csv|tsv|txt)$/i.test(extname(file)));
  const positions = tables.length === 1 ? positionsIn(tables[0]!) : undefined;
  const others = files.filter((file) => file !== positions?.file);
  const beside = positions && others.length === 0 ? namedTiles(positions) : others;
  const tiles = beside.filter((file) => !/^\.(csv|tsv|txt|json)$/i.test(extname(file)));
  if (tiles.length < (positions ? 2 : LEAST) || tiles.length < beside.length) return undefined;
  // What is missing is told file by file.
  if (tiles.some((file) => !statSync(file, { throwIfNoEntry: false })?.isFile())) return undefined;
  return { tiles, ...(positions ? { positions } : {}) };
}

function positionsIn(file: string): MosaicFiles["positions"] {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > MAX_TEXT) return undefined;
  const text = readFileSync(file, "utf8");
  const parsed = parseTilePositions(text);
  if (parsed) return parsed.ok ? { file, table: parsed.value } : undefined;
  const csv = parseCsv(text);
  if (!csv.ok) return undefined;
  const { header, rows } = csv.value;
  const columns = Object.fromEntries(header.map((name, c) => [name, rows.map((row) => cellText(row[c]!))]));
  const named = namedRows({ columns }, file);
  return named.ok && (named.value.x || named.value.row) ? { file, table: { columns } } : undefined;
}

function namedTiles({ file, table }: NonNullable<MosaicFiles["positions"]>): string[] {
  const named = namedRows(table, file);
  if (!named.ok) return [];
  return [...new Set(named.value.files)].map((name) => join(dirname(file), name)).filter((path) => existsSync(path));
}

/** What a mosaic of these files would be: text for people, and data. */
export async function inspectLayout({
  tiles,
  positions,
}: MosaicFiles): Promise<Result<{ readonly lines: readonly string[]; readonly data: unknown }>> {
  const images = new Map<string, Image>();
  let bytes = 0;
  for (const path of tiles) {
    const opened = await openImage(path);
    if (!opened.ok) return opened;
    images.set(basename(path), opened.value.image);
    bytes += statSync(path).size;
  }
  const first = [...images.values()][0]!;
  using arena = kernels().arena();
  const found = await findLayout(
    arena,
    {
      ids: [...images.keys()],
      images: [...images.values()],
      ...(positions ? { positions: positions.table } : {}),
      ...{ order: "auto", origin: "auto", unit: "auto" },
    },
    { memory: MEMORY },
  );
  if (!found.ok) return failed(...found.diagnostics);
  const { grid, dtype, bands } = first;
  const head = `mosaic of ${images.size} tiles  ${grid.width} x ${grid.height} px  ${dtype}  ${bands.length === 1 ? "1 band" : `${bands.length} bands`} (${bands.join(", ")})  ${formatBytes(bytes)}`;
  const { layout, verdict, metrics, notes, words } = found.value;
  const places = layout.tiles.map((file, i) => ({
    file,
    ...{ x: layout.x[i], y: layout.y[i], row: layout.row[i], col: layout.col[i] },
  }));
  const data = { tiles: places, verdict: verdict.status, reasons: verdict.reasons, metrics, notes, ...words };
  return ok({ lines: [head, ...layoutPreview(found.value, first)], data });
}
