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
