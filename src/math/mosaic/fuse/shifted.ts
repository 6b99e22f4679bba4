import type { Window } from "../../../core/grid.js";
import { bytesPerSample, type DType } from "../../../core/image.js";
import { kernels } from "../../../kernel/lane.js";
import type { BlockTarget } from "../../lazy.js";
import { copyRows } from "../../read-plane.js";
import { sampleType } from "../../sample-type.js";
import type { Blend } from "./blend.js";
import type { MosaicFrame } from "./frame.js";
import { type Piece, pieceRecords, piecesOf } from "./pieces.js";
import type { FuseInterpolation } from "./taps.js";
import { type LoadedTile, loadTiles, tileRecords } from "./tile-records.js";

/** Strips that a lane takes at one time. */
const GRAIN = 8;

/** Tiles that are only shifted, and how they are laid together. */
export interface ShiftedTiles {
  readonly frame: MosaicFrame;
  readonly interpolation: FuseInterpolation;
  readonly blend: Blend;
  readonly categorical: boolean;
  readonly fill: number;
  readonly keepClear: boolean;
}

/** Lays the tiles of one block together, band by band. */
export async function fuseShifted(
  mosaic: ShiftedTiles,
  gains: readonly number[],
  block: Window,
  bands: readonly number[],
  out: BlockTarget,
  signal?: AbortSignal,
): Promise<void> {
  const { tiles, index } = mosaic.frame;
  const numbers = index.touching(block);
  using arena = kernels().arena();
  const loaded = await loadTiles(
    arena,
    numbers.map((n) => tiles[n]!),
    numbers.map((n) => gains[n] ?? 1),
    block,
    bands,
    mosaic.interpolation,
    signal,
  );
  const pieces = piecesOf(block, numbers, (n) => tiles[n]!.covers);
  const slots = new Map(numbers.map((n, slot) => [n, slot]));
  const dtype = tiles[0]!.image.dtype;
  const bytes = bytesPerSample(dtype);
  const inKernel = out.data.buffer === kernels().heap.memory.buffer;
  const own = inKernel ? 0 : arena.bytes(block.width * block.height * bytes);
  bands.forEach((_, i) => {
    const from = out.from + i * out.plane;
    const at = inKernel ? out.data.byteOffset + from * bytes : own;
    layPieces(
      mosaic,
      loaded,
      { block, pieces, slots, band: i },
      { at, dtype, stride: inKernel ? out.stride : block.width },
    );
    if (!inKernel) copyRows(dtype, at, block.width, block.height, { ...out, from });
  });
}

export interface Layout {
  readonly block: Window;
  readonly pieces: readonly Piece[];
  readonly slots: ReadonlyMap<number, number>;
  /** Which of the bands that were loaded. */
  readonly band: number;
}

export interface Target {
  readonly at: number;
  readonly dtype: DType;
  readonly stride: number;
}

/** Runs the kernel on the pieces of a block. */
export function layPieces(
  { blend, categorical, fill, keepClear }: Pick<ShiftedTiles, "blend" | "categorical" | "fill" | "keepClear">,
  loaded: readonly LoadedTile[],
  { block, pieces, slots, band }: Layout,
  to: Target,
): void {
  const k = kernels();
  using arena = k.arena();
  const records = tileRecords(arena, loaded, band);
  const strips = pieceRecords(pieces, slots);
  const list = [arena.put(strips.pieces), records, arena.put(strips.indices)];
  const scratch = k.scratch(arena, k.call("fuseScratch"));
  const type = sampleType(loaded[0]?.tile.image.dtype ?? to.dtype);
  const place = [to.stride, block.x, block.y, fill];
  if (categorical) k.rows("fuseLabels", strips.count, [...list, type, to.at, ...place, scratch], GRAIN);
  else {
    const how = [type, blend === "none" ? 0 : 1, to.at, sampleType(to.dtype)];
    k.rows("fuse", strips.count, [...list, ...how, ...place, keepClear ? 1 : 0, scratch], GRAIN);
  }
}
