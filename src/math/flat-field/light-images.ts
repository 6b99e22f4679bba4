import type { Grid } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { lazyImage } from "../lazy.js";
import type { LightEstimate } from "./estimate.js";
import { legendre } from "./polynomials.js";

/** Light never counts as less than this share of its mean: what is darker is not made brighter than so. */
const LEAST_LIGHT = 0.05;

/** The light of all bands as an image of mean 1 on a tile's pixels. */
export function flatImage(bands: readonly LightEstimate[], grid: Grid, names: readonly string[]): Image {
  const planes = bands.map((band) => lightPlane(band, grid.width, grid.height));
  return lazyImage(face(grid, names), async (block, wanted, out) => {
    for (const [i, band] of wanted.entries()) {
      const plane = planes[band]!;
      for (let y = 0; y < block.height; y++) {
        const to = out.from + i * out.plane + y * out.stride;
        if (!plane) out.data.fill(1, to, to + block.width);
        else {
          const from = (block.y + y) * grid.width + block.x;
          out.data.set(plane.subarray(from, from + block.width), to);
        }
      }
    }
  });
}

/** An image that has one value in each band. */
export function constantImage(values: readonly number[], grid: Grid, names: readonly string[]): Image {
  return lazyImage(face(grid, names), async (block, wanted, out) => {
    for (const [i, band] of wanted.entries()) {
      for (let y = 0; y < block.height; y++) {
        const to = out.from + i * out.plane + y * out.stride;
        out.data.fill(values[band]!, to, to + block.width);
      }
    }
  });
}

const face = (grid: Grid, bands: readonly string[]) => ({
  grid,
  dtype: "float32" as const,
  bands,
  meaning: "intensity" as const,
  tile: { width: grid.width, height: 64 },
});

/** @returns `undefined` for even light */
function lightPlane({ terms, shape }: LightEstimate, width: number, height: number): Float32Array | undefined {
  if (!shape) return undefined;
  const degree = Math.max(...terms.map(({ i, j }) => i + j));
  const px = legendre(positions(width), width, degree);
  const py = legendre(positions(height), height, degree);
  const plane = new Float32Array(width * height);
  const row = new Float64Array(degree + 1);
  let sum = 0;
  for (let y = 0; y < height; y++) {
    // What each order along x counts for in this row.
    row.fill(0);
    terms.forEach(({ i, j }, t) => {
      row[i] = row[i]! + shape.factors[t]! * py[j * height + y]!;
    });
    for (let x = 0; x < width; x++) {
      let light = 1;
      for (let k = 0; k <= degree; k++) light += row[k]! * px[k * width + x]!;
      sum += plane[y * width + x] = Math.max(LEAST_LIGHT, light);
    }
  }
  const gain = plane.length / sum;
  for (let i = 0; i < plane.length; i++) plane[i] = plane[i]! * gain;
  return plane;
}

const positions = (size: number) => Float64Array.from({ length: size }, (_, k) => k);
