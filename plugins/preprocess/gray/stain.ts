import {
  bytesPerSample,
  elementary,
  emptyPlane,
  findableNodata,
  holeValue,
  type Image,
  kernels,
  lazyImage,
  mapLinear,
  readRaw,
  writeSamples,
} from "tiepoint/plugin";

/** Optical density of each stain in red, green and blue, as measured by Ruifrok and Johnston. */
const densities = {
  hematoxylin: [0.65, 0.704, 0.286],
  eosin: [0.072, 0.99, 0.105],
  dab: [0.268, 0.57, 0.776],
} as const;
export type Stain = keyof typeof densities;
const stains = ["hematoxylin", "eosin", "dab"] as const;

const colours = (image: Image): number[] =>
  ["red", "green", "blue"].map((name) => image.bands.findIndex((band) => band.toLowerCase() === name));

/** Colour deconvolution needs red, green and blue as whole numbers, whose logarithms can be looked up. */
export const separable = (image: Image): boolean =>
  colours(image).every((band) => band >= 0) && (image.dtype === "uint8" || image.dtype === "uint16");

/**
 * The section as it would look with one stain alone, in the image's own type.
 *
 * The optical densities of the three colours are a mixture of the three stains', so the amount of one stain is a weighted
 * sum of the colours' logarithms, and its light a product of their powers: one table for each colour does it.
 */
export function stainImage(image: Image, stain: Stain, invert: boolean): Image {
  const entries = image.dtype === "uint8" ? 256 : 65536;
  const full = entries - 1;
  const powers = mixing(stain);
  const bytes = bytesPerSample(image.dtype);
  const nodata = findableNodata(image.dtype, image.nodata);
  const tables = new Float32Array(3 * entries);
  for (let c = 0; c < 3; c++)
    for (let v = 0; v < entries; v++) tables[c * entries + v] = elementary.pow((v + 1) / entries, powers[c]!);
  const face = { ...image, bands: ["gray"], meaning: "intensity" as const };
  return lazyImage(face, async (block, _bands, out, signal) => {
    using arena = kernels().arena();
    const { width, height } = block;
    const raw = await readRaw(arena, image, block, colours(image), signal);
    const [red, green, blue] = [0, 1, 2].map((c) => raw + c * width * height * bytes);
    const plane = emptyPlane(arena, width, height);
    kernels().rows("stainLight", height, [
      ...[bytes - 1, red!, green!, blue!, width, plane.at, plane.stride, width],
      ...[arena.put(tables), entries, full, nodata === undefined ? 0 : 1, nodata ?? 0],
    ]);
    if (invert) mapLinear(plane, full, -1);
    const keep = { fill: holeValue(image), keepClear: image.nodata !== undefined };
    writeSamples(arena, plane, { left: 0, top: 0, width, height }, image.dtype, keep, out);
  });
}

/** How much each colour's density tells of the stain: the stain's row in the inverse of the matrix of densities. */
function mixing(stain: Stain): readonly number[] {
  const rows: readonly (readonly [number, number, number])[] = stains.map((name) => {
    const [r, g, b] = densities[name];
    const length = Math.sqrt(r * r + g * g + b * b);
    return [r / length, g / length, b / length];
  });
  const index = stains.indexOf(stain);
  const own = rows[index]!;
  const p = rows[(index + 1) % 3]!;
  const q = rows[(index + 2) % 3]!;
  // Perpendicular to the two other stains, scaled so that the stain itself counts 1.
  const across = [p[1]! * q[2]! - p[2]! * q[1]!, p[2]! * q[0]! - p[0]! * q[2]!, p[0]! * q[1]! - p[1]! * q[0]!];
  const share = own.reduce((sum, v, c) => sum + v * across[c]!, 0);
  const amount = across.map((v) => v / share);
  // The light of the amount, at the stain's mean density over the colours: brightness as the eye would see it in gray.
  const seen = 0.299 * own[0] + 0.587 * own[1] + 0.114 * own[2];
  return amount.map((v) => v * seen);
}
