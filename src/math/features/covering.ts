/** Cells along the radius within which a keypoint keeps weaker ones away. */
const CELLS = 2;
/** Radii are tried between a share and a multiple of the spacing that an even cover would have. */
const SMALLEST = 1 / 8;
const LARGEST = 2;
const STEPS = 12;
const FINENESS = 0.01;

/**
 * As many keypoints as `limit`, none of which has a much stronger one near: adaptive non-maximal suppression [1], with
 * squares in place of circles [2], so that the time hardly grows with their number.
 *
 * A keypoint gives way to one within a radius that is stronger by 1 / (1 - spread) or more; the radius is the largest at
 * which enough are left. Deterministic; the order is kept.
 *
 * @param order  indices of keypoints, the strongest first
 * @param spread  from 0 (give way to any that is stronger) to 1 (to none)
 *
 * [1] M. Brown, R. Szeliski, S. Winder, "Multi-image matching using multi-scale oriented patches", CVPR 2005,
 *     doi:10.1109/CVPR.2005.235
 * [2] O. Bailo et al., "Efficient adaptive non-maximal suppression algorithms for homogeneous spatial keypoint
 *     distribution", Pattern Recognition Letters 106 (2018), doi:10.1016/j.patrec.2018.02.020
 */
export function covering(
  k: { readonly x: Float64Array; readonly y: Float64Array; readonly response: Float32Array },
  order: Uint32Array,
  limit: number,
  { width, height }: { readonly width: number; readonly height: number },
  spread: number,
): Uint32Array {
  if (order.length <= limit || limit < 1) return order.slice(0, Math.max(0, limit));
  const even = Math.sqrt((width * height) / limit);
  const left = (radius: number): Uint32Array => uncrowded(k, order, radius, width, height, 1 - spread);
  let [low, high] = [SMALLEST * even, LARGEST * even];
  /** Enough at the low radius, too few at the high one. */
  let [enough, few] = [order, left(high)];
  if (few.length >= limit) return few.slice(0, limit);
  for (let step = 0; step < STEPS; step++) {
    const radius = step === 0 ? low : (low + high) / 2;
    const kept = left(radius);
    if (kept.length >= limit) [enough, low] = [kept, radius];
    else [few, high] = [kept, radius];
    if (enough.length === limit || high - low < FINENESS * even || (radius === SMALLEST * even && kept.length < limit))
      break;
  }
  // Those of the high radius are the sparse ones; the strongest of the others fill up.
  const sparse = new Set(few);
  const others = new Set(enough);
  let more = limit - sparse.size;
  return order.filter((i) => sparse.has(i) || (others.has(i) && more-- > 0));
}

/** Those that keep, in order: no kept one nearby is stronger by more than 1 / `yields`. */
function uncrowded(
  k: { readonly x: Float64Array; readonly y: Float64Array; readonly response: Float32Array },
  order: Uint32Array,
  radius: number,
  width: number,
  height: number,
  yields: number,
): Uint32Array {
  const side = radius / CELLS;
  const columns = Math.ceil(width / side) + 1;
  const rows = Math.ceil(height / side) + 1;
  /** The strongest kept one that has the cell within its reach. */
  const reached = new Float32Array(columns * rows);
  const kept: number[] = [];
  for (const i of order) {
    const cx = Math.floor((k.x[i]! + 0.5) / side);
    const cy = Math.floor((k.y[i]! + 0.5) / side);
    const response = k.response[i]!;
    if (reached[cy * columns + cx]! * yields > response) continue;
    kept.push(i);
    for (let y = Math.max(0, cy - CELLS); y <= Math.min(rows - 1, cy + CELLS); y++) {
      const row = y * columns;
      for (let x = Math.max(0, cx - CELLS); x <= Math.min(columns - 1, cx + CELLS); x++) {
        if (reached[row + x]! < response) reached[row + x] = response;
      }
    }
  }
  return Uint32Array.from(kept);
}
