import { kernels } from "../../../kernel/lane.js";
import type { BlockTarget } from "../../lazy.js";
import type { Layers, WarpedTiles } from "./warped-tiles.js";

/** Of each pixel the nearest sample of the tile that weighs most, bit by bit: labels may be larger than float32 can hold. */
export async function chooseLabels(
  mosaic: WarpedTiles,
  { block, band, parts, positions, signal }: Layers,
  out: BlockTarget,
): Promise<void> {
  const best = new Float32Array(block.width * block.height);
  for (let y = 0; y < block.height; y++) {
    const row = out.from + y * out.stride;
    out.data.fill(mosaic.fill, row, row + block.width);
  }
  const options = { bands: [band], ...(signal ? { signal } : {}) };
  for (const { tile, part } of parts) {
    // What is NaN as a number shows nothing; the value itself is read in its own type.
    const seen = (await mosaic.warped(tile, "float").read(part, options)).data;
    const values = (await mosaic.warped(tile, "own").read(part, options)).data;
    const { width, height } = tile.image.grid;
    const from = new Float64Array(kernels().heap.memory.buffer, positions, 2 * block.width * block.height);
    for (let y = 0, n = 0; y < part.height; y++) {
      const row = (part.y + y - block.y) * block.width + part.x - block.x;
      const to = out.from + (part.y + y - block.y) * out.stride + part.x - block.x;
      for (let x = 0; x < part.width; x++, n++) {
        if (Number.isNaN(seen[n]!)) continue;
        const u = from[2 * (row + x)]! - tile.left + tile.fractionX;
        const v = from[2 * (row + x) + 1]! - tile.top + tile.fractionY;
        const weight = Math.fround(Math.min(u + 1, width - u) * Math.min(v + 1, height - v));
        if (weight <= best[row + x]!) continue;
        best[row + x] = weight;
        out.data[to + x] = values[n]!;
      }
    }
  }
}
