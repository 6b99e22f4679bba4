import { type Diagnostic, failed, ok, problem, type Result, warning } from "../../../core/diagnostic.js";
import type { Affine2, Grid } from "../../../core/grid.js";
import type { Image } from "../../../core/image.js";
import type { Table } from "../../../core/plugin.js";
import { tilePlaces } from "../../../core/tile-tables.js";
import { type PlacedTile, placeTile } from "./placed-tile.js";
import { type TileIndex, tileIndex } from "./tile-index.js";

/** Tiles at their places on the grid of a mosaic, in the order of their names, in which they are added up. */
export interface MosaicFrame {
  readonly grid: Grid;
  readonly tiles: readonly PlacedTile[];
  /** By what they cover. */
  readonly index: TileIndex;
  readonly notes: readonly Diagnostic[];
}

/**
 * Puts tiles at the places that a table says (columns file, x, y; see src/core/tile-tables.ts).
 *
 * The mosaic has the tiles' pixel size and begins at the leftmost and the topmost of them. In the world it lies where the
 * tiles lie, the mean of what they say of it; where they all say the same, so none knows its place, and x and y count from
 * the world's origin.
 */
export function mosaicFrame(images: ReadonlyMap<string, Image>, positions: Table): Result<MosaicFrame> {
  const places = placesOf(images, positions);
  if (!places.ok) return places;
  const { placed, notes } = places.value;
  const first = placed[0];
  if (!first) {
    const known = [...images.keys()];
    return failed(
      problem(
        "no-tiles",
        `Expected positions of tiles such as ${known[0] ?? "(there are none)"}, but none of the tiles is named in the table`,
        'The table\'s column file must hold the ids of the items: file names, where the collection says id: "{file}".',
      ),
    );
  }
  const odd = placed.map(({ id, image }) => [id, difference(first.image, image)] as const).filter(([, how]) => how);
  if (odd.length > 0) {
    const list = odd.slice(0, 5).map(([id, how]) => `${id} ${how}`);
    return failed(
      problem(
        "tiles-differ",
        `Expected all tiles to be like ${first.id}, but ${list.join("; ")}${odd.length > 5 ? `; and ${odd.length - 5} more` : ""}`,
        "Take tiles of one kind, or bring them to one pixel size and type first.",
      ),
    );
  }
  const origin = {
    x: least(placed.map((tile) => tile.covers.x)),
    y: least(placed.map((tile) => tile.covers.y)),
  };
  const [a, b, , d, e] = first.image.grid.worldFromPixel;
  const [c, f] = worldOrigin(placed);
  const grid: Grid = {
    width: -least(placed.map(({ covers }) => -(covers.x + covers.width))) - origin.x,
    height: -least(placed.map(({ covers }) => -(covers.y + covers.height))) - origin.y,
    worldFromPixel: [a, b, c + a * origin.x + b * origin.y, d, e, f + d * origin.x + e * origin.y],
    crs: first.image.grid.crs,
  };
  const tiles = placed.map((tile) => moved(tile, -origin.x, -origin.y));
  return ok({ grid, notes, tiles, index: tileIndex(tiles.map((tile) => tile.covers)) });
}

const moved = (tile: PlacedTile, x: number, y: number): PlacedTile => ({
  ...tile,
  left: tile.left + x,
  top: tile.top + y,
  covers: { ...tile.covers, x: tile.covers.x + x, y: tile.covers.y + y },
});

const least = (values: readonly number[]): number =>
  values.reduce((low, v) => Math.min(low, v), Number.POSITIVE_INFINITY);

function placesOf(images: ReadonlyMap<string, Image>, table: Table) {
  const names = table.columns.file?.map(String) ?? [];
  const sizes = (side: "width" | "height") => names.map((name) => images.get(name)?.grid[side] ?? 0);
  // Of sizes the images know best, and a table that people wrote may have none.
  const read = tilePlaces({ columns: { ...table.columns, width: sizes("width"), height: sizes("height") } });
  if (!read.ok) return read;
  const { tiles, x, y } = read.value;
  const twice = tiles.filter((name, i) => tiles.indexOf(name) !== i);
  if (twice.length > 0) {
    const text = `Expected each tile once in the positions, but found ${listed(twice)} again`;
    return failed(problem("duplicate-tile", text, "Leave one row for each tile."));
  }
  const notes: Diagnostic[] = [];
  const missing = tiles.filter((name) => !images.has(name));
  if (missing.length > 0) {
    notes.push(
      warning(
        "tile-missing",
        `${missing.length} of ${tiles.length} tiles with a position ${missing.length === 1 ? "is" : "are"} not there, and left out of the mosaic: ${listed(missing)}`,
        "Look at the steps before: a tile that failed or was refused there is missing here.",
      ),
    );
  }
  const known = new Set(tiles);
  const unplaced = [...images.keys()].filter((name) => !known.has(name));
  if (unplaced.length > 0) {
    notes.push(
      warning(
        "tile-unplaced",
        `${unplaced.length} of ${images.size} tiles ${unplaced.length === 1 ? "has" : "have"} no position, and ${unplaced.length === 1 ? "is" : "are"} left out of the mosaic: ${listed(unplaced)}`,
      ),
    );
  }
  const placed = tiles
    .flatMap((id, i) => (images.has(id) ? [placeTile(id, images.get(id)!, x[i]!, y[i]!)] : []))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return ok({ placed, notes });
}

const listed = (names: readonly string[]): string =>
  names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");

/** What keeps a tile from lying beside the first one, in words. */
function difference(first: Image, image: Image): string | undefined {
  if (image.dtype !== first.dtype) return `is ${image.dtype} in place of ${first.dtype}`;
  if (image.bands.length !== first.bands.length)
    return `has ${image.bands.length} bands in place of ${first.bands.length}`;
  if (image.meaning !== first.meaning) return `holds ${image.meaning} in place of ${first.meaning}`;
  if (image.grid.crs !== first.grid.crs) return `lies in ${image.grid.crs} in place of ${first.grid.crs}`;
  const sides = (m: Affine2) => [m[0], m[1], m[3], m[4]];
  const own = sides(image.grid.worldFromPixel);
  const wanted = sides(first.grid.worldFromPixel);
  const scale = Math.max(...wanted.map(Math.abs));
  // A thousandth of a pixel over a tile of 1000.
  return wanted.some((v, i) => Math.abs(v - own[i]!) > 1e-6 * scale)
    ? `has pixels of ${own.join(", ")} in place of ${wanted.join(", ")}`
    : undefined;
}

/** Where in the world the place (0, 0) of the positions is. */
function worldOrigin(placed: readonly PlacedTile[]): readonly [number, number] {
  const of = ({ image }: PlacedTile) => image.grid.worldFromPixel;
  const first = of(placed[0]!);
  const [a, b, , d, e] = first;
  const knows = placed.length === 1 || placed.some((tile) => of(tile)[2] !== first[2] || of(tile)[5] !== first[5]);
  if (!knows) return [first[2], first[5]];
  let [c, f] = [0, 0];
  for (const tile of placed) {
    const x = tile.left - tile.fractionX;
    const y = tile.top - tile.fractionY;
    c += of(tile)[2] - a * x - b * y;
    f += of(tile)[5] - d * x - e * y;
  }
  return [c / placed.length, f / placed.length];
}

/** The tiles of a mosaic on a grid with pixels like its own, whose first pixel's centre lies at (x, y) of the mosaic. */
export function frameOn(frame: MosaicFrame, grid: Grid, x: number, y: number): MosaicFrame {
  const tiles = frame.tiles.map(({ id, image, left, top, fractionX, fractionY }) =>
    placeTile(id, image, left - fractionX - x, top - fractionY - y),
  );
  return { ...frame, grid, tiles, index: tileIndex(tiles.map((tile) => tile.covers)) };
}
