import { type Image, once, rangeOf, sampleBand } from "tiepoint/plugin";

/** Sorted samples of bands: of red, green and blue together, so that colours stay what they are; else of each band alone. */
export function sortedSamples(image: Image): ((signal?: AbortSignal) => Promise<Float32Array>)[] {
  const names = image.bands.map((name) => name.toLowerCase());
  const rgb = ["red", "green", "blue"].map((name) => names.indexOf(name));
  const coloured = rgb.every((band) => band >= 0);
  const together = once(async (signal) => {
    const parts: Float32Array[] = [];
    for (const band of rgb) parts.push(await sampleBand(image, band, signal));
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all.sort();
  });
  return names.map((_, band) =>
    coloured && rgb.includes(band) ? together : once(async (signal) => (await sampleBand(image, band, signal)).sort()),
  );
}

/** Alpha is no intensity: it is never changed. */
export const isAlpha = (image: Image, band: number): boolean =>
  image.bands.length > 1 && image.bands[band]?.toLowerCase() === "alpha";

/** Greatest value of the normalised range, which begins at 0: that of an integer type, 1 for float32. */
export const fullScale = (image: Image): number => (image.dtype === "float32" ? 1 : rangeOf(image.dtype)[1]);
