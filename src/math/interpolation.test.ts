import { expect, test } from "vitest";
import { noise } from "../../test/reference/plane.js";
import { memoryImage } from "../../test/support/image.js";
import { pixelGrid } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { type Interpolation, interpolations } from "../core/interpolation.js";
import type { Transform } from "../core/transform.js";
import { fourTapKernel, isFourTaps } from "./four-taps.js";
import { warpImage } from "./resample.js";

const size = 128;
/** The B-spline's filter remembers an edge for some 20 pixels. */
const inner = 24;
const all = (image: Image) => image.read({ x: 0, y: 0, width: image.grid.width, height: image.grid.height });
const shift = (x: number, y: number): Transform => ({ type: "affine", matrix: [1, 0, x, 0, 1, y] });
const smooth = interpolations.filter((name) => name !== "nearest");

function imageOf(at: (x: number, y: number) => number): Image {
  return memoryImage(
    Float32Array.from({ length: size * size }, (_, i) => at(i % size, Math.floor(i / size))),
    pixelGrid(size, size),
  );
}

async function warped(image: Image, transform: Transform, interpolation: Interpolation): Promise<Float32Array> {
  return (await all(warpImage(image, transform, image.grid, { interpolation, antialias: false }))).data as Float32Array;
}

/** Largest difference to a function of the output pixel, well inside. */
function worst(data: Float32Array, at: (x: number, y: number) => number, margin = inner): number {
  let most = 0;
  for (let y = margin; y < size - margin; y++)
    for (let x = margin; x < size - margin; x++) most = Math.max(most, Math.abs(data[y * size + x]! - at(x, y)));
  return most;
}

/** Polynomials that each kernel gives back between samples: 0 for constants, 1 for ramps and so on. */
const degrees: Readonly<Record<Exclude<Interpolation, "nearest">, number>> = {
  ...{ linear: 1, cubic: 2, "cubic-sharp": 0, mitchell: 1, "cubic-smooth": 1, bspline3: 3, lanczos3: 0 },
};

test.each(smooth)("%s gives back the polynomials of its order, and no more", async (name) => {
  const [fx, fy] = [0.3, -0.35];
  const middle = size / 2;
  const power = (degree: number) => (x: number, y: number) => {
    const [u, v] = [(x - middle) / 4, (y - middle) / 4];
    return degree === 0 ? 1 : u ** degree - 0.5 * v ** degree + (degree > 1 ? 0.7 * u ** (degree - 1) * v : 0);
  };
  for (let degree = 0; degree <= 4; degree++) {
    const scene = power(degree);
    const data = await warped(imageOf(scene), shift(fx, fy), name);
    const error = worst(data, (x, y) => scene(x + fx, y + fy), middle - 6);
    // Float32, of values up to 2.5^degree next to the places that are looked at.
    const rounding = 3e-7 * 2.5 ** degree;
    const order = degrees[name as keyof typeof degrees];
    if (degree <= order) expect(error).toBeLessThan(rounding);
    else if (degree === order + 1) expect(error).toBeGreaterThan(5 * rounding);
  }
});

/** A kernel's taps on a wave of `w` radians a pixel, at a fraction, relative to the wave there: its gain and phase. */
function response(name: Interpolation, w: number, fraction: number): { re: number; im: number } {
  const sinc = (t: number) => (t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t));
  const kernel = (t: number) =>
    isFourTaps(name)
      ? fourTapKernel(name, t)
      : name === "linear"
        ? Math.max(0, 1 - Math.abs(t))
        : Math.abs(t) < 3
          ? sinc(t) * sinc(t / 3)
          : 0;
  let [re, im, sum] = [0, 0, 0];
  for (let k = -3; k <= 4; k++) {
    const weight = kernel(k - fraction);
    sum += weight;
    re += weight * Math.cos(w * (k - fraction));
    im += weight * Math.sin(w * (k - fraction));
  }
  // A spline's coefficients are the wave divided by what its own samples make of it.
  const scale = name === "bspline3" ? 3 / (2 + Math.cos(w)) : 1 / sum;
  return { re: re * scale, im: im * scale };
}

test.each(smooth)("%s makes of a wave what its frequency response says", async (name) => {
  for (const [wx, wy] of [
    [0.4, 0.2],
    [Math.PI / 2, -0.7],
    [2.6, 1.1],
  ] as const) {
    const image = imageOf((x, y) => Math.cos(wx * x + wy * y));
    for (const [fx, fy] of [
      [0.5, 0.5],
      [0.25, 0.75],
    ] as const) {
      const [a, b] = [response(name, wx, fx), response(name, wy, fy)];
      const gain = { re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re };
      const data = await warped(image, shift(fx, fy), name);
      const error = worst(data, (x, y) => {
        const phase = wx * (x + fx) + wy * (y + fy);
        return gain.re * Math.cos(phase) - gain.im * Math.sin(phase);
      });
      expect(error).toBeLessThan(5e-6); // float32; Lanczos' weights are tabulated at 1024 fractions
    }
  }
});

test("twelve turns by 30 degrees leave most with the B-spline", async () => {
  const middle = (size - 1) / 2;
  // Waves of 6 to 15 pixels.
  const scene = (x: number, y: number) =>
    Math.cos(0.95 * x + 0.3 * y) + Math.cos(0.25 * x - 0.6 * y) + Math.cos(0.1 * x + 0.4 * y);
  const [c, s] = [Math.cos(Math.PI / 6), 0.5];
  const turn: Transform = {
    type: "affine",
    matrix: [c, -s, middle * (1 - c + s), s, c, middle * (1 - c - s)],
  };
  const errors = new Map<Interpolation, number>();
  for (const name of interpolations) {
    let data = (await all(imageOf(scene))).data as Float32Array;
    for (let k = 0; k < 12; k++) data = await warped(memoryImage(data, pixelGrid(size, size)), turn, name);
    let [sum, count] = [0, 0];
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        if (Math.hypot(x - middle, y - middle) > 36) continue;
        sum += (data[y * size + x]! - scene(x, y)) ** 2;
        count++;
      }
    errors.set(name, Math.sqrt(sum / count));
  }
  const of = (name: Interpolation) => errors.get(name)!;
  expect(of("bspline3")).toBeLessThan(0.015); // of waves of amplitude 3; measured 0.011
  expect(of("bspline3")).toBeLessThan(0.2 * of("lanczos3"));
  const order = ["bspline3", "lanczos3", "cubic", "cubic-sharp", "mitchell", "linear", "cubic-smooth"] as const;
  expect([...smooth].sort((a, b) => of(a) - of(b))).toEqual(order);
});

test("a place half way between two samples takes the nearest to the right and below", async () => {
  const image = memoryImage(
    Uint8Array.from({ length: 36 }, (_, i) => i),
    pixelGrid(6, 6),
  );
  const bent: Transform = {
    ...{ type: "displacement", grid: { width: 2, height: 2, worldFromPixel: [5, 0, 0, 0, 5, 0], crs: "px" } },
    offsets: Float32Array.from([0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5]),
  };
  for (const map of [shift(0.5, -0.5), bent])
    for (const dtype of ["uint8", "float32"] as const) {
      const { data } = await all(warpImage(image, map, image.grid, { interpolation: "nearest", dtype, fill: 99 }));
      // Sample (x + 1, y) for pixel (x, y): x + 0.5 rounds up, and so does y - 0.5.
      const wanted = Array.from({ length: 36 }, (_, i) => (i % 6 === 5 ? 99 : i + 1));
      expect([...data]).toEqual(wanted);
    }
});

test("a B-spline reaches the image's edges, mirrored about the outermost samples", async () => {
  const image = memoryImage(Float32Array.from(noise(1, 9, 7).data), pixelGrid(9, 7));
  const [right, left] = [
    await warped(image, shift(0.3, 0), "bspline3"),
    await warped(image, shift(-0.3, 0), "bspline3"),
  ];
  for (let y = 0; y < 7; y++) {
    // What lies 0.3 px beyond an edge is what lies 0.3 px inside.
    expect(left[y * 9]!).toBeCloseTo(right[y * 9]!, 3);
    expect(right[y * 9 + 8]!).toBeCloseTo(left[y * 9 + 8]!, 3);
  }
});

test("what fills a hole for the B-spline's filter fades by 0.27 a pixel", async () => {
  const whole = noise(2, size, size);
  const holed = Float32Array.from(whole.data);
  const [cx, cy] = [60, 62];
  for (let y = cy; y < cy + 8; y++) holed.fill(Number.NaN, y * size + cx, y * size + cx + 8);
  const grid = pixelGrid(size, size);
  const a = await warped(memoryImage(Float32Array.from(whole.data), grid), shift(0.4, 0.4), "bspline3");
  const b = await warped(memoryImage(holed, grid), shift(0.4, 0.4), "bspline3");
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const away = Math.max(cx - x, x - (cx + 7), cy - y, y - (cy + 7)) - 2;
      if (away < 0 || Number.isNaN(a[y * size + x]!)) continue;
      expect(Math.abs(a[y * size + x]! - b[y * size + x]!)).toBeLessThan(255 * 3 * 0.27 ** away + 2e-3);
    }
});
