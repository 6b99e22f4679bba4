import { log } from "./elementary.js";

/** How alike two images are where both are valid. Higher is more alike, for all three. */
export interface Similarity {
  /** Normalised cross-correlation, −1 to 1: linear relation of grey values; 0 where either image is constant. */
  readonly ncc: number;
  /** Normalised mutual information (H(a) + H(b)) / H(a, b), 1 to 2: any relation of grey values. Studholme 1999, doi:10.1016/S0031-3203(98)00091-0 */
  readonly nmi: number;
  /** Mean structural similarity over 7 × 7 windows, −1 to 1; 0 where either image is constant. Wang 2004, doi:10.1109/TIP.2003.819861 */
  readonly ssim: number;
  /** Root mean square difference of grey values; lower is more alike. NaN where fewer than 16 samples were compared. */
  readonly rmse: number;
  /** Samples that were compared. */
  readonly count: number;
}

/**
 * Compares two images of the same size.
 *
 * @param a, b  row-major samples, width × height
 * @param valid  1 where both images are observed
 */
export function similarity(
  a: Float32Array,
  b: Float32Array,
  valid: Uint8Array,
  width: number,
  height: number,
): Similarity {
  let count = 0;
  let sumA = 0;
  let sumB = 0;
  for (let i = 0; i < valid.length; i++) {
    if (!valid[i]) continue;
    count++;
    sumA += a[i]!;
    sumB += b[i]!;
  }
  if (count < 16) return { ncc: 0, nmi: 1, ssim: 0, rmse: Number.NaN, count };
  const meanA = sumA / count;
  const meanB = sumB / count;
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let i = 0; i < valid.length; i++) {
    if (!valid[i]) continue;
    const x = a[i]! - meanA;
    const y = b[i]! - meanB;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const ncc = aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
  const spanA = 4 * Math.sqrt(aa / count);
  const spanB = 4 * Math.sqrt(bb / count);
  return {
    ncc,
    nmi: mutualInformation(a, b, valid, count, meanA, spanA, meanB, spanB),
    ssim: structural(a, b, valid, width, height, spanA, spanB),
    rmse: Math.sqrt(Math.max(0, aa - 2 * ab + bb) / count + (meanA - meanB) ** 2),
    count,
  };
}

/** From a joint histogram of 32 × 32 bins over two standard deviations to either side; what lies beyond goes to the outer bins. */
function mutualInformation(
  a: Float32Array,
  b: Float32Array,
  valid: Uint8Array,
  count: number,
  meanA: number,
  spanA: number,
  meanB: number,
  spanB: number,
): number {
  if (!(spanA > 0 && spanB > 0)) return 1;
  const bins = 32;
  const joint = new Float64Array(bins * bins);
  for (let i = 0; i < valid.length; i++) {
    if (!valid[i]) continue;
    const x = Math.min(bins - 1, Math.max(0, Math.floor(((a[i]! - meanA) / spanA + 0.5) * bins)));
    const y = Math.min(bins - 1, Math.max(0, Math.floor(((b[i]! - meanB) / spanB + 0.5) * bins)));
    joint[bins * x + y] = joint[bins * x + y]! + 1;
  }
  const pa = new Float64Array(bins);
  const pb = new Float64Array(bins);
  for (let x = 0; x < bins; x++) {
    for (let y = 0; y < bins; y++) {
      pa[x] = pa[x]! + joint[bins * x + y]!;
      pb[y] = pb[y]! + joint[bins * x + y]!;
    }
  }
  const entropy = (p: Float64Array) => p.reduce((h, c) => (c > 0 ? h - (c / count) * log(c / count) : h), 0);
  const both = entropy(joint);
  return both > 0 ? (entropy(pa) + entropy(pb)) / both : 1;
}

function structural(
  a: Float32Array,
  b: Float32Array,
  valid: Uint8Array,
  width: number,
  height: number,
  spanA: number,
  spanB: number,
): number {
  if (!(spanA > 0 && spanB > 0)) return 0;
  const side = 7;
  const area = side * side;
  const c1 = (0.01 * Math.max(spanA, spanB)) ** 2;
  const c2 = (0.03 * Math.max(spanA, spanB)) ** 2;
  let sum = 0;
  let windows = 0;
  for (let y0 = 0; y0 + side <= height; y0 += 4) {
    for (let x0 = 0; x0 + side <= width; x0 += 4) {
      let inside = 0;
      let sa = 0;
      let sb = 0;
      let saa = 0;
      let sbb = 0;
      let sab = 0;
      for (let y = y0; y < y0 + side; y++) {
        for (let x = x0; x < x0 + side; x++) {
          const i = y * width + x;
          if (!valid[i]) continue;
          inside++;
          const p = a[i]!;
          const q = b[i]!;
          sa += p;
          sb += q;
          saa += p * p;
          sbb += q * q;
          sab += p * q;
        }
      }
      if (inside < area) continue;
      const ma = sa / area;
      const mb = sb / area;
      const va = saa / area - ma * ma;
      const vb = sbb / area - mb * mb;
      const cov = sab / area - ma * mb;
      sum += ((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
      windows++;
    }
  }
  return windows > 0 ? sum / windows : 0;
}
