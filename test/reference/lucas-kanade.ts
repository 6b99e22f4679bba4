/** Slow twins of the kernels in src/kernel/assembly/lucas-kanade.ts, in double precision and one sample at a time. */

interface Gray {
  readonly pixels: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** Keys' cubic kernel, a = -0.5. */
function keys(t: number): number {
  const x = Math.abs(t);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

function sample({ pixels, width }: Gray, x: number, y: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  let sum = 0;
  for (let j = iy - 1; j <= iy + 2; j++) {
    for (let i = ix - 1; i <= ix + 2; i++) sum += keys(x - i) * keys(y - j) * pixels[j * width + i]!;
  }
  return sum;
}

/** Patch of 16 x 16 samples around (x, y) with mean 0 and variance 1 under the weights, and its central differences. */
function patchAt(image: Gray, x: number, y: number, weights: ArrayLike<number>) {
  const at = (i: number, j: number) => sample(image, x - 7.5 + i, y - 7.5 + j);
  const value: number[] = [];
  const dx: number[] = [];
  const dy: number[] = [];
  let mean = 0;
  let square = 0;
  for (let j = 0; j < 16; j++) {
    for (let i = 0; i < 16; i++) {
      const v = at(i, j);
      value.push(v);
      dx.push((at(i + 1, j) - at(i - 1, j)) / 2);
      dy.push((at(i, j + 1) - at(i, j - 1)) / 2);
      mean += weights[value.length - 1]! * v;
    }
  }
  value.forEach((v, k) => {
    square += weights[k]! * (v - mean) ** 2;
  });
  const scale = 1 / Math.sqrt(square);
  return {
    value: value.map((v) => (v - mean) * scale),
    dx: dx.map((v) => v * scale),
    dy: dy.map((v) => v * scale),
  };
}

/** Shift and correlation of the patch at (mx, my) of `moving` against the one at (fx, fy) of `fixed`. */
export function lucasKanadeReference(
  fixed: Gray,
  moving: Gray,
  [fx, fy, mx, my]: readonly [number, number, number, number],
  weights: ArrayLike<number>,
  iterations: number,
): { readonly dx: number; readonly dy: number; readonly correlation: number } {
  const f = patchAt(fixed, fx, fy, weights);
  let dx = 0;
  let dy = 0;
  for (let round = 0; ; round++) {
    const m = patchAt(moving, mx + dx, my + dy, weights);
    let [xx, xy, yy, xe, ye, correlation] = [0, 0, 0, 0, 0, 0];
    for (let k = 0; k < 256; k++) {
      const gx = (f.dx[k]! + m.dx[k]!) / 2;
      const gy = (f.dy[k]! + m.dy[k]!) / 2;
      const e = f.value[k]! - m.value[k]!;
      const w = weights[k]!;
      xx += w * gx * gx;
      xy += w * gx * gy;
      yy += w * gy * gy;
      xe += w * gx * e;
      ye += w * gy * e;
      correlation += w * f.value[k]! * m.value[k]!;
    }
    if (round === iterations) return { dx, dy, correlation };
    const det = xx * yy - xy * xy;
    let ux = (yy * xe - xy * ye) / det;
    let uy = (xx * ye - xy * xe) / det;
    const size = Math.sqrt(ux * ux + uy * uy);
    if (size > 1.5) {
      ux *= 1.5 / size;
      uy *= 1.5 / size;
    }
    dx += ux;
    dy += uy;
  }
}

/** The smaller eigenvalue of the structure tensor around a pixel, as `bestCorners` sums it: 8 columns, every second of 9 rows. */
export function cornerStrengthReference({ pixels, width }: Gray, x: number, y: number): number {
  let [a, b, c] = [0, 0, 0];
  for (let j = y - 4; j <= y + 4; j += 2) {
    for (let i = x - 4; i < x + 4; i++) {
      const gx = pixels[j * width + i + 1]! - pixels[j * width + i - 1]!;
      const gy = pixels[(j + 1) * width + i]! - pixels[(j - 1) * width + i]!;
      a += gx * gx;
      b += gx * gy;
      c += gy * gy;
    }
  }
  return (a + c - Math.sqrt((a - c) ** 2 + 4 * b * b)) / 2;
}
