import { type Diagnostic, problem } from "../../core/diagnostic.js";

/** Parameters of what a map between point sets may do, which every matcher by places has. */
export const scaleParams = {
  minScale: {
    type: "number",
    minimum: 0.01,
    maximum: 100,
    default: 0.2,
    description: "Least magnification from fixed to moving world units; images of known pixel size have about 1.",
  },
  maxScale: {
    type: "number",
    minimum: 0.01,
    maximum: 100,
    default: 5,
    description: "Largest magnification from fixed to moving world units.",
  },
  distortion: {
    type: "number",
    unit: "ratio",
    minimum: 0,
    maximum: 0.25,
    default: "0 %",
    description: "How much one direction may be stretched or sheared against another. Above 0 takes longer.",
  },
} as const;

/** What is wrong with a range of scales, or undefined. */
export const scaleRangeProblem = (minScale: number, maxScale: number): Diagnostic | undefined =>
  minScale <= maxScale
    ? undefined
    : problem(
        "scale-range",
        `Expected min-scale to be at most max-scale, but received ${minScale} and ${maxScale}`,
        "Exchange the two.",
      );
