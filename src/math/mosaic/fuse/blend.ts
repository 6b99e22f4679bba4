/**
 * What becomes of a pixel that several tiles show: `linear` their mean, weighted by the distances from their edges;
 * `multiband` the same for fine structure over a narrow seam and for coarse structure over a wide one; `none` the sample of
 * the tile that weighs most.
 */
export type Blend = "linear" | "multiband" | "none";
export const blends = ["linear", "multiband", "none"] as const;
