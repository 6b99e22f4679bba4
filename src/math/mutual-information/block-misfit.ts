import { type BlockSurface, REACH, SURFACE_SIDE } from "./block-surface.js";

/** The image is divided into so many cells along each side. */
const CELLS = 4;
/** Halves of a cell have at least so many blocks. */
const LEAST_BLOCKS = 2;
/** A half says where it belongs when its top stands out by as many standard deviations of a sum of unrelated surfaces. */
const STANDS_OUT = 4;
/** Fewer cells that say so tell nothing; then all count. */
const LEAST_CELLS = 4;
/** Mean of a squared distance over its median, where both coordinates are normal. */
const MEAN_OF_MEDIAN = 1.44;
/** What the tops of surfaces of whole pixels cannot tell, pixels. */
const UNSEEN = 0.1;

/**
 * Mean square of how far off the blocks of each neighbourhood say that they lie, square pixels of the surfaces; 0 where that
 * cannot be told from noise.
 *
 * Blocks of a cell are split in two halves, and each half says where it belongs by the top of its summed surfaces. What both say
 * is in the product of the two; their noises have nothing in common, so the product owes nothing to noise in the mean. The median
 * over the cells stands for all: some are as alike a few pixels away.
 */
export function squaredMisfit(surfaces: readonly BlockSurface[], width: number, height: number): number {
  const cells = new Map<number, [BlockSurface[], BlockSurface[]]>();
  for (const surface of surfaces) {
    const of = (v: number, size: number) => Math.min(CELLS - 1, Math.floor((CELLS * v) / size));
    const cell = CELLS * of(surface.y, height) + of(surface.x, width);
    const halves = cells.get(cell) ?? [[], []];
    halves[halves[0].length <= halves[1].length ? 0 : 1].push(surface);
    cells.set(cell, halves);
  }
  const [products, all]: [number[], number[]] = [[], []];
  for (const [a, b] of cells.values()) {
    if (b.length < LEAST_BLOCKS) continue;
    const [p, q] = [top(a), top(b)];
    const product = p.at[0] * q.at[0] + p.at[1] * q.at[1];
    all.push(product);
    if (Math.min(p.height / Math.sqrt(a.length), q.height / Math.sqrt(b.length)) >= STANDS_OUT) products.push(product);
  }
  const use = (products.length >= LEAST_CELLS ? products : all).sort((a, b) => a - b);
  const middle = use[use.length >> 1] ?? 0;
  return Math.max(0, MEAN_OF_MEDIAN * middle - UNSEEN * UNSEEN);
}

/** Where the sum of surfaces is highest, to a part of a pixel by parabolas. */
function top(surfaces: readonly BlockSurface[]): { readonly at: readonly [number, number]; readonly height: number } {
  const total = new Float64Array(SURFACE_SIDE * SURFACE_SIDE);
  for (const { values } of surfaces) for (let k = 0; k < total.length; k++) total[k] = total[k]! + values[k]!;
  let best = 0;
  for (let k = 1; k < total.length; k++) if (total[k]! > total[best]!) best = k;
  const [x, y] = [best % SURFACE_SIDE, Math.floor(best / SURFACE_SIDE)];
  const part = (along: number, at: number) => {
    if (at === 0 || at === SURFACE_SIDE - 1) return 0;
    const [before, here, after] = [total[best - along]!, total[best]!, total[best + along]!];
    const bend = before - 2 * here + after;
    return bend < 0 ? (before - after) / (2 * bend) : 0;
  };
  return { at: [x - REACH + part(1, x), y - REACH + part(SURFACE_SIDE, y)], height: total[best]! };
}
