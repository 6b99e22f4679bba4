import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import type { Grid } from "../../core/grid.js";
import { type Length, pixelLength } from "../../core/quantity.js";
import type { SegmentOptions } from "./segment.js";

/** Parameters of whoever parts figure from ground. */
export const segmentParams = {
  threshold: {
    type: "string",
    enum: ["otsu", "adaptive", "value"],
    default: "otsu",
    description:
      "otsu: the limit that parts the image's intensities best. adaptive: more than the mean around, for uneven light. value: the limit that is given.",
  },
  value: {
    type: "number",
    optional: true,
    description: "threshold value: the limit, in intensities of the image.",
  },
  window: {
    type: "number",
    unit: "length",
    minimum: 0,
    default: "51 px",
    description: "threshold adaptive: side of the neighbourhood; wider than the largest region.",
  },
  offset: {
    type: "number",
    unit: "ratio",
    minimum: -1,
    maximum: 1,
    default: "5 %",
    description: "threshold adaptive: by how much of the image's range a pixel must exceed the mean around it.",
  },
  smooth: {
    type: "number",
    unit: "length",
    minimum: 0,
    default: "1 px",
    description: "Gaussian blur before the threshold (sigma), against noise; 0 px for none.",
  },
  minArea: {
    type: "integer",
    minimum: 1,
    default: 30,
    description: "Smallest region that counts, in pixels.",
  },
  maxHole: {
    type: "integer",
    minimum: 0,
    default: 1000,
    description: "Holes up to this size are filled, in pixels; 0 fills none.",
  },
} as const;

interface SegmentValues {
  readonly threshold: "otsu" | "adaptive" | "value";
  readonly value?: number | undefined;
  readonly window: Length;
  readonly offset: number;
  readonly smooth: Length;
  readonly minArea: number;
  readonly maxHole: number;
}

/** The parameters as lengths of an image's pixels. */
export function segmentSettings(
  params: SegmentValues,
  foreground: "bright" | "dark",
  grid: Grid,
): Result<SegmentOptions> {
  const { threshold, value, offset, minArea, maxHole } = params;
  if (threshold === "value" && value === undefined)
    return failed(problem("value-missing", "threshold: value needs the limit", "Add value: with an intensity."));
  const window = pixelLength(params.window, grid);
  if (!window.ok) return window;
  const smooth = pixelLength(params.smooth, grid);
  if (!smooth.ok) return smooth;
  if (smooth.value > 100)
    return failed(problem("smooth-too-wide", `Expected smooth to be at most 100 px, but it is ${smooth.value} px`));
  return ok({
    ...{ method: threshold, value, offset, foreground, minArea, maxHole },
    ...{ window: window.value, smooth: smooth.value },
  });
}
