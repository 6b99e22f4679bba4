import { exp } from "./elementary.js";

/** Half the width of the Gaussian kernel that `gaussianWeights` gives: four sigma, rounded; at least 1. */
export const gaussianRadius = (sigma: number): number => Math.max(1, Math.round(4 * sigma));

/**
 * Weights of a sampled Gaussian for the kernel `blurSeparable`, from the centre outwards; the whole kernel sums to 1.
 *
 * @param sigma  in pixels, above 0
 */
export function gaussianWeights(sigma: number): Float32Array {
  const radius = gaussianRadius(sigma);
  const weights = Array.from({ length: radius + 1 }, (_, k) => exp((-k * k) / (2 * sigma * sigma)));
  const sum = weights.reduce((s, w, k) => s + (k === 0 ? w : 2 * w), 0);
  return Float32Array.from(weights, (w) => w / sum);
}
