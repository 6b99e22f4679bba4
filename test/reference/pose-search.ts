import type { AngleFields } from "./gradient-fields.js";

/** What is compared at one shift of a turned image. */
export interface Score {
  readonly score: number;
  /** Pixels that both have. */
  readonly overlap: number;
}

/**
 * Fields of an image turned about its middle by `rotation`, on a canvas of `across` by `down` pixels; 0 where any of the
 * four pixels around is not valid.
 */
export function turned(fields: AngleFields, rotation: number, across: number, down: number): AngleFields {
  const { width, height } = fields.valid;
  const [c, s] = [Math.cos(rotation), Math.sin(rotation)];
  const size = across * down;
  const plane = () => ({ width: across, height: down, data: new Float64Array(size) });
  const out = { re2: plane(), im2: plane(), re4: plane(), im4: plane(), valid: plane() };
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      const [dx, dy] = [x - (across - 1) / 2, y - (down - 1) / 2];
      const u = (width - 1) / 2 + c * dx - s * dy;
      const v = (height - 1) / 2 + s * dx + c * dy;
      const [i, j] = [Math.floor(u), Math.floor(v)];
      if (i < 0 || j < 0 || i + 1 >= width || j + 1 >= height) continue;
      const at = (data: Float64Array, a: number, b: number) => data[(j + b) * width + i + a]!;
      const corners = [0, 1].flatMap((a) => [0, 1].map((b) => at(fields.valid.data, a, b)));
      if (corners.some((valid) => valid === 0)) continue;
      const linear = (data: Float64Array) =>
        (1 - v + j) * ((1 - u + i) * at(data, 0, 0) + (u - i) * at(data, 1, 0)) +
        (v - j) * ((1 - u + i) * at(data, 0, 1) + (u - i) * at(data, 1, 1));
      const n = y * across + x;
      out.valid.data[n] = 1;
      for (const [k, re, im] of [[2, "re2", "im2"] as const, [4, "re4", "im4"] as const]) {
        const [a, b] = [linear(fields[re].data), linear(fields[im].data)];
        out[re].data[n] = a * Math.cos(k * rotation) + b * Math.sin(k * rotation);
        out[im].data[n] = b * Math.cos(k * rotation) - a * Math.sin(k * rotation);
      }
    }
  }
  return out;
}

/** Masked normalised correlation of fields, weighted by the overlap: fixed pixel (x, y) beside pixel (x + dx, y + dy). */
export function scoreAt(fixed: AngleFields, moving: AngleFields, dx: number, dy: number, area: number): Score {
  let [sum, energyFixed, energyMoving, overlap] = [0, 0, 0, 0];
  const { width, height } = fixed.valid;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x + dx, y + dy];
      if (u < 0 || v < 0 || u >= moving.valid.width || v >= moving.valid.height) continue;
      const [i, j] = [y * width + x, v * moving.valid.width + u];
      if (fixed.valid.data[i] === 0 || moving.valid.data[j] === 0) continue;
      overlap++;
      energyFixed += fixed.re2.data[i]! ** 2 + fixed.im2.data[i]! ** 2;
      energyMoving += moving.re2.data[j]! ** 2 + moving.im2.data[j]! ** 2;
      sum += fixed.re2.data[i]! * moving.re2.data[j]! + fixed.im2.data[i]! * moving.im2.data[j]!;
      sum += 0.7 * (fixed.re4.data[i]! * moving.re4.data[j]! + fixed.im4.data[i]! * moving.im4.data[j]!);
    }
  }
  const energy = Math.sqrt(Math.max(1, energyFixed) * Math.max(1, energyMoving));
  return { score: ((sum / energy / 1.7) * overlap ** 0.75) / area ** 0.75, overlap };
}
