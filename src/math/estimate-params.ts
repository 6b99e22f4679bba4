/** Parameters that every estimator of tie points has. */
export const estimateParams = {
  inlierDistance: {
    type: "number",
    unit: "length",
    minimum: 0,
    default: "3 px",
    description: "Longest residual of an inlier, in pixels of the moving image or as a physical length.",
  },
  guided: {
    type: "boolean",
    default: true,
    description:
      "Match again near the first result, which makes it accurate; needs the images, which matchers hand on.",
  },
  reflection: {
    type: "string",
    enum: ["refuse", "allow"],
    default: "refuse",
    description:
      "Whether the map of named points may turn the image over, as between a left and a right wing. Then all else is checked alike.",
  },
  confidence: {
    type: "number",
    minimum: 0.5,
    maximum: 0.999999,
    default: 0.9999,
    description: "How sure to be that no better consensus was missed; higher takes longer.",
  },
} as const;

/** Parameters that estimators of maps that bend share. */
export const bendingParams = {
  inlierDistance: {
    type: "number",
    unit: "length",
    minimum: 0,
    default: "3 px",
    description:
      "Longest distance of an inlier from the map that has not seen it, in pixels of the moving image or as a physical length.",
  },
  smoothing: {
    type: "number",
    minimum: 0,
    optional: true,
    description:
      "0 goes through every point; larger is stiffer, and above 1 nearly straight. Chosen by leaving points out when absent.",
  },
  outliers: {
    type: "string",
    enum: ["auto", "remove", "keep"],
    default: "auto",
    description:
      "Whether points may be wrong and are then thrown out. auto: no for points with names and for up to 60 of a file, which are taken for marked by hand; yes for all others.",
  },
  maxKnots: {
    type: "integer",
    minimum: 3,
    maximum: 600,
    default: 300,
    description: "Places that the map goes by, at most; more tie points than these are gathered into groups.",
  },
  reflection: {
    type: "string",
    enum: ["refuse", "allow"],
    default: "refuse",
    description: "Whether the map may turn the image over, as for a flipped section, or a right wing on a left one.",
  },
  confidence: {
    type: "number",
    minimum: 0.5,
    maximum: 0.999999,
    default: 0.9999,
    description: "How sure to be that no better consensus was missed; higher takes longer.",
  },
} as const;
