import { boxSumSlowly } from "./integral.js";

export interface Bytes {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Slow twin of the response of SURF's filters of `size` pixels at (x, y); 0 where one would leave the image. */
export function hessianSlowly(image: Bytes, x: number, y: number, size: number): number {
  const half = size >> 1;
  const lobe = size / 3;
  if (x < half || y < half || x + half >= image.width || y + half >= image.height) return 0;
  const box = (left: number, top: number, w: number, h: number) =>
    boxSumSlowly(image, x + left, y + top, x + left + w, y + top + h);
  const dxx = box(-half, 1 - lobe, size, 2 * lobe - 1) - 3 * box(lobe - half, 1 - lobe, lobe, 2 * lobe - 1);
  const dyy = box(1 - lobe, -half, 2 * lobe - 1, size) - 3 * box(1 - lobe, lobe - half, 2 * lobe - 1, lobe);
  const dxy =
    box(-lobe, -lobe, lobe, lobe) + box(1, 1, lobe, lobe) - box(1, -lobe, lobe, lobe) - box(-lobe, 1, lobe, lobe);
  const unit = 1 / (size * size * 255);
  return dxx * unit * dyy * unit - (0.9 * dxy * unit) ** 2;
}

/** Slow twin of the search for maxima over place and scale, unrefined: sample's column and row, and filter's number. */
export function surfMaximaSlowly(image: Bytes, step: number, size: number, gap: number, least: number): string[] {
  const columns = Math.floor((image.width - 1) / step) + 1;
  const rows = Math.floor((image.height - 1) / step) + 1;
  const planes = [0, 1, 2, 3].map((k) =>
    Array.from({ length: columns * rows }, (_, i) =>
      hessianSlowly(image, (i % columns) * step, Math.floor(i / columns) * step, size + k * gap),
    ),
  );
  const found: string[] = [];
  for (let y = 1; y < rows - 1; y++)
    for (let k = 1; k < 3; k++) {
      const half = (size + (k + 1) * gap) >> 1;
      const fits = (v: number, length: number) => v - 1 >= Math.ceil(half / step) && (v + 1) * step + half < length;
      if (!fits(y, image.height)) continue;
      for (let x = 1; x < columns - 1; x++) {
        const c = planes[k]![y * columns + x]!;
        if (c <= least || !fits(x, image.width)) continue;
        let best = true;
        for (let dk = -1; dk <= 1; dk++)
          for (let dy = -1; dy <= 1; dy++)
            for (let dx = -1; dx <= 1; dx++)
              if ((dk || dy || dx) && planes[k + dk]![(y + dy) * columns + x + dx]! >= c) best = false;
        if (best) found.push(`${x} ${y} ${k}`);
      }
    }
  return found;
}

const haarSlowly = (image: Bytes, x: number, y: number, half: number): readonly [number, number] => {
  const sum = (x0: number, y0: number, x1: number, y1: number) => boxSumSlowly(image, x0, y0, x1, y1) / (half * half);
  return [
    sum(x, y - half, x + half, y + half) - sum(x - half, y - half, x, y + half),
    sum(x - half, y, x + half, y + half) - sum(x - half, y - half, x + half, y),
  ];
};

/** Slow twin of SURF's direction: the greatest sum of wavelets over windows of 60 degrees that begin every 6. */
export function surfDirectionSlowly(image: Bytes, x: number, y: number, scale: number): number {
  const votes: { angle: number; gx: number; gy: number }[] = [];
  const half = Math.max(1, Math.floor(2 * scale + 0.5));
  for (let v = -6; v <= 6; v++)
    for (let u = -6; u <= 6; u++) {
      if (u * u + v * v >= 36) continue;
      const w = Math.exp(-(u * u + v * v) / 12.5);
      const [gx, gy] = haarSlowly(image, Math.floor(x + scale * u + 1), Math.floor(y + scale * v + 1), half);
      const turn = Math.atan2(gy, gx) / (2 * Math.PI);
      votes.push({ angle: Math.floor(60 * (turn < 0 ? turn + 1 : turn)), gx: w * gx, gy: w * gy });
    }
  let best = { length: -1, angle: 0 };
  for (let b = 0; b < 60; b++) {
    const mine = votes.filter((p) => (p.angle - b + 60) % 60 < 10);
    const [sx, sy] = [mine.reduce((s, p) => s + p.gx, 0), mine.reduce((s, p) => s + p.gy, 0)];
    const angle = Math.atan2(sy, sx);
    if (sx * sx + sy * sy > best.length)
      best = { length: sx * sx + sy * sy, angle: angle < 0 ? angle + 2 * Math.PI : angle };
  }
  return best.angle;
}

/** Slow twin of SURF's descriptor, before it becomes bytes: 64 numbers of length 256. */
export function surfDescriptorSlowly(image: Bytes, x: number, y: number, scale: number, angle: number): number[] {
  const out = new Array<number>(64).fill(0);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const half = Math.max(1, Math.floor(scale + 0.5));
  for (let v = 0; v < 20; v++)
    for (let u = 0; u < 20; u++) {
      const [fu, fv] = [(u - 9.5) * scale, (v - 9.5) * scale];
      const [gx, gy] = haarSlowly(
        image,
        Math.floor(x + fu * c - fv * s + 1),
        Math.floor(y + fu * s + fv * c + 1),
        half,
      );
      const window = Math.exp(-((u - 9.5) ** 2 + (v - 9.5) ** 2) / 72);
      const [along, across] = [window * (gx * c + gy * s), window * (gy * c - gx * s)];
      for (let row = 0; row < 4; row++)
        for (let column = 0; column < 4; column++) {
          // Cells are five samples wide; a sample counts by its distance from their centres.
          const near = (i: number, cell: number) => Math.max(0, 1 - Math.abs((i - 2 - 5 * cell) / 5));
          const weight = near(u, column) * near(v, row);
          for (const [n, value] of [along, across, Math.abs(along), Math.abs(across)].entries())
            out[4 * (4 * row + column) + n]! += weight * value;
        }
    }
  const length = Math.sqrt(out.reduce((sum, value) => sum + value * value, 0));
  return out.map((value) => (256 * value) / length);
}
