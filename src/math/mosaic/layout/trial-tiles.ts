import { type Diagnostic, DiagnosticError } from "../../../core/diagnostic.js";
import { coarsen } from "../../../core/grid.js";
import type { Image } from "../../../core/image.js";
import type { Arena } from "../../../kernel/memory.js";
import type { PairCapture } from "../../pairs/pair-job.js";
import { emptyPlane, type Plane } from "../../plane.js";
import { grayPlane } from "../../read-plane.js";

/** Longest side of a tile that trial pairs look at, pixels. */
const TRIAL_SIDE = 640;

/** Tiles made small for trial pairs, each read when it is first wanted. */
export interface TrialTiles {
  readonly arena: Arena;
  /** Pixels of a tile per pixel of its plane. */
  readonly factor: number;
  readonly images: readonly Image[];
  readonly planes: Map<number, Plane>;
  /** Tiles of those that were read that hold one value alone, or none. */
  readonly blank: Set<number>;
  /** Tiles of those that were wanted that cannot be read, and why: they count as blank. */
  readonly unread: Map<number, Diagnostic>;
  /** Captures by question, in pixels of the planes: guesses at an order ask the same pairs many times. */
  readonly known: Map<string, Pick<PairCapture, "x" | "y" | "score" | "rival">>;
  readonly signal?: AbortSignal;
}

export function trialTiles(arena: Arena, images: readonly Image[], signal?: AbortSignal): TrialTiles {
  const side = images.reduce((most, { grid }) => Math.max(most, grid.width, grid.height), 1);
  const factor = Math.max(1, Math.ceil(side / TRIAL_SIDE));
  return {
    arena,
    factor,
    images,
    planes: new Map(),
    blank: new Set(),
    unread: new Map(),
    known: new Map(),
    ...(signal ? { signal } : {}),
  };
}

/** Reads what is still missing of these tiles. */
export async function loadTiles(tiles: TrialTiles, wanted: Iterable<number>): Promise<void> {
  for (const i of new Set(wanted)) {
    if (tiles.planes.has(i)) continue;
    tiles.signal?.throwIfAborted();
    const plane = await readTile(tiles, i);
    tiles.planes.set(i, plane);
    if (isBlank(tiles.arena, plane)) tiles.blank.add(i);
  }
}

/** One tile; a plane where nothing was observed when it cannot be read. */
async function readTile({ arena, images, factor, unread, signal }: TrialTiles, i: number): Promise<Plane> {
  const image = images[i]!;
  try {
    return (await grayPlane(arena, image, factor, signal)).plane;
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    unread.set(i, error.diagnostics[0]!);
    const { width, height } = coarsen(image.grid, factor);
    const plane = emptyPlane(arena, width, height);
    arena.f32(plane.at, plane.stride * height).fill(Number.NaN);
    return plane;
  }
}

/** Bytes of kernel memory that one tile takes. */
export const tileBytes = ({ images, factor }: TrialTiles): number => {
  const { width, height } = images[0]!.grid;
  return 4 * Math.ceil(width / factor + 16) * Math.ceil(height / factor);
};

function isBlank(arena: Arena, { at, stride, width, height }: Plane): boolean {
  let first = Number.NaN;
  for (let y = 0; y < height; y++) {
    const row = arena.f32(at + 4 * y * stride, width);
    for (let x = 0; x < width; x++) {
      const v = row[x]!;
      if (Number.isNaN(v)) continue;
      if (Number.isNaN(first)) first = v;
      else if (v !== first) return false;
    }
  }
  return true;
}
