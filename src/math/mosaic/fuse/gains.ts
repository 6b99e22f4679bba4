import type { Window } from "../../../core/grid.js";
import { kernels } from "../../../kernel/lane.js";
import { exp, log } from "../../elementary.js";
import { grayWeights, type Plane } from "../../plane.js";
import { intersect } from "../../window.js";
import type { MosaicFrame } from "./frame.js";
import { balancedLogs, type LogRatio } from "./gain-solve.js";
import { shiftedPlane } from "./layers.js";
import type { PlacedTile } from "./placed-tile.js";
import { loadTiles } from "./tile-records.js";

/** Pixels of an overlap that are looked at, in so many bands across its longer side. */
const SAMPLE_PIXELS = 16384;
const SAMPLE_BANDS = 8;
/** Gains are rounded to this, so that most stay what they are when a tile far away is replaced. */
const STEPS = 4096;
/** Overlaps with fewer pixels that both tiles show say nothing. */
const LEAST_PIXELS = 64;

/**
 * One factor for each tile, so that tiles are as bright as each other where they overlap. All bands of a tile share it.
 *
 * Brightness is the mean gray value over the pixels that both tiles show; the logarithms of the gains are found by robust
 * least squares over all overlaps, with a weak pull of each towards 0, so that the mosaic as a whole stays as bright as it was.
 *
 * Source: M. Brown, D. Lowe, "Automatic panoramic image stitching using invariant features", IJCV 74 (2007), section 6,
 * doi:10.1007/s11263-006-0002-3; there gains are found without logarithms and robustness.
 */
export async function tileGains(frame: MosaicFrame, signal?: AbortSignal): Promise<readonly number[]> {
  const { tiles, index } = frame;
  const ratios: LogRatio[] = [];
  for (const [i, tile] of tiles.entries()) {
    for (const j of index.touching(tile.covers)) {
      if (j <= i) continue;
      signal?.throwIfAborted();
      const sums = await overlapSums(tile, tiles[j]!, signal);
      if (sums.count < LEAST_PIXELS || !(sums.a > 0 && sums.b > 0)) continue;
      ratios.push({ a: i, b: j, log: log(sums.b / sums.a), weight: Math.sqrt(sums.count) });
    }
  }
  const logs = balancedLogs(tiles.length, ratios);
  return Array.from(logs, (g) => Math.round(exp(g) * STEPS) / STEPS);
}

/** Sums of the gray values of two tiles over pixels of their overlap that both show. */
async function overlapSums(a: PlacedTile, b: PlacedTile, signal?: AbortSignal) {
  const sums = { a: 0, b: 0, count: 0 };
  const mix = grayWeights(a.image.bands);
  const bands = mix.map(([band]) => band);
  for (const part of samplesOf(intersect(a.covers, b.covers)!)) {
    using arena = kernels().arena();
    const loaded = await loadTiles(arena, [a, b], [1, 1], part, bands, "linear", signal);
    mix.forEach(([, weight], band) => {
      const [p, q] = loaded.map((one) => shiftedPlane(arena, one, part, band)) as [Plane, Plane];
      for (let y = 0; y < part.height; y++) {
        const u = arena.f32(p.at + 4 * y * p.stride, part.width);
        const v = arena.f32(q.at + 4 * y * q.stride, part.width);
        for (let x = 0; x < part.width; x++) {
          if (Number.isNaN(u[x]! + v[x]!)) continue;
          sums.a += weight * u[x]!;
          sums.b += weight * v[x]!;
          sums.count++;
        }
      }
    });
  }
  return sums;
}

/** Bands of a window, evenly spread along its longer side, of `SAMPLE_PIXELS` together. */
function samplesOf(window: Window): Window[] {
  const { width, height } = window;
  if (width * height <= SAMPLE_PIXELS) return [window];
  const wide = width > height;
  const [long, short] = wide ? [width, height] : [height, width];
  const size = Math.max(1, Math.floor(SAMPLE_PIXELS / SAMPLE_BANDS / short));
  return Array.from({ length: Math.min(SAMPLE_BANDS, long) }, (_, k) => {
    const from = Math.floor(((k + 0.5) * long) / SAMPLE_BANDS - size / 2);
    const at = Math.max(0, Math.min(long - size, from));
    return wide ? { ...window, x: window.x + at, width: size } : { ...window, y: window.y + at, height: size };
  });
}
