/**
 * How samples between pixels are made.
 *
 * Four taps along each axis, in the family of Mitchell and Netravali (1988), doi:10.1145/54852.378514: `cubic` is Keys'
 * kernel with a = -0.5 (Catmull-Rom; B = 0, C = 1/2), `cubic-sharp` the one with a = -0.75 (B = 0, C = 3/4), `mitchell` has
 * B = C = 1/3, `cubic-smooth` is the B-spline's kernel on the samples as they are (B = 1, C = 0), which blurs. `bspline3`
 * is the cubic B-spline that runs through the samples, `lanczos3` the windowed sinc of three lobes.
 */
export const interpolations = [
  "nearest",
  "linear",
  "cubic",
  "cubic-sharp",
  "mitchell",
  "cubic-smooth",
  "bspline3",
  "lanczos3",
] as const;
export type Interpolation = (typeof interpolations)[number];

/** The parameter of every plugin that warps. */
export const interpolationParam = {
  type: "string",
  enum: interpolations,
  optional: true,
  description:
    "How samples between pixels are made: cubic (Keys, a = -0.5) when absent. cubic-sharp is Keys' with a = -0.75, as in OpenCV; mitchell overshoots less; bspline3 is the most faithful to smooth images; cubic-smooth blurs. Labels and masks always take the nearest pixel.",
} as const;
