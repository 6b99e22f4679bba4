import { filterImage, type Image, mapLinear, once, quantile, withOverviews } from "tiepoint/plugin";
import { fullScale, isAlpha, sortedSamples } from "./statistics.js";

/** The values between two percentiles, stretched over the range of the type (float32: 0 to 1); what lies beyond is cut off. */
export function stretchImage(image: Image, low: number, high: number): Image {
  const full = fullScale(image);
  const limits = sortedSamples(image).map((sorted) =>
    once(async (signal) => {
      const samples = await sorted(signal);
      return [quantile(samples, low), quantile(samples, high)] as const;
    }),
  );
  return withOverviews(image, (level) =>
    filterImage(level, { halo: 0 }, async (_arena, plane, { band }) => {
      if (isAlpha(image, band)) return plane;
      const [a, b] = await limits[band]!();
      // A constant image has no range to stretch: it becomes 0.
      return mapLinear(plane, b > a ? a : 0, b > a ? full / (b - a) : 0, 0, full);
    }),
  );
}

/** Mean 0 and standard deviation 1, as float32; a constant image becomes 0. */
export function zScoreImage(image: Image): Image {
  const moments = sortedSamples(image).map((sorted) =>
    once(async (signal) => {
      const samples = await sorted(signal);
      const mean = samples.reduce((sum, v) => sum + v, 0) / samples.length;
      const variance = samples.reduce((sum, v) => sum + (v - mean) ** 2, 0) / samples.length;
      return { mean, deviation: Math.sqrt(variance) };
    }),
  );
  return withOverviews(image, (level) =>
    filterImage(level, { halo: 0, dtype: "float32" }, async (_arena, plane, { band }) => {
      if (isAlpha(image, band)) return plane;
      const { mean, deviation } = await moments[band]!();
      return mapLinear(plane, deviation > 0 ? mean : 0, deviation > 0 ? 1 / deviation : 0);
    }),
  );
}
