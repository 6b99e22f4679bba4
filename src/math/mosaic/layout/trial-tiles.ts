import type { Image } from "../../../core/image.js";
import type { Arena } from "../../../kernel/memory.js";
import type { PairCapture } from "../../pairs/pair-job.js";
import type { Plane } from "../../plane.js";
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
    known: new Map(),
    ...(signal ? { signal } : {}),
  };
}

/** Reads what is still missing of these tiles. @throws DiagnosticError when a tile cannot be read */
export async function loadTiles(tiles: TrialTiles, wanted: Iterable<number>): Promise<void> {
  for (const i of new Set(wanted)) {
    if (tiles.planes.has(i)) continue;
    tiles.signal?.throwIfAborted();
    const { plane } = await grayPlane(tiles.arena, tiles.images[i]!, tiles.factor, tiles.signal);
    tiles.planes.set(i, plane);
    if (isBlank(tiles.arena, plane)) tiles.blank.add(i);
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
