import type { Term } from "./glossary-term.js";

/** Numbers of registration by mutual information. */
export const informationTerms: Readonly<Record<string, Term>> = {
  information: {
    name: "Mutual information",
    meaning:
      "How much the brightness of one image tells of the other's under the transform; for the normalised metric 1 is nothing and 2 everything.",
    better: "higher",
    group: "similarity",
  },
  "information-at-start": {
    name: "Mutual information at the start",
    meaning: "The same where the images lay before.",
    group: "similarity",
  },
  "block-agreement": {
    name: "Agreeing blocks",
    meaning:
      "Share of the image's blocks whose content lies where the transform puts it, by pairs of brightness that other blocks have; chance gives 5 %.",
    better: "higher",
    group: "evidence",
  },
  "block-deviation": {
    name: "Standing of the blocks",
    meaning:
      "How far the transform stands out from places a few pixels away: above 6.5 is safe; images that have nothing in common stay below 4.5.",
    better: "higher",
    group: "evidence",
  },
  "edge-agreement": {
    name: "Agreeing edges",
    meaning:
      "Share of the blocks whose edges run where the transform puts them, whatever their contrast; chance gives 5 %.",
    better: "higher",
    group: "evidence",
  },
  "edge-blocks": {
    name: "Blocks with edges",
    meaning: "How many blocks have edges in both images.",
    group: "evidence",
  },
  "null-information": {
    name: "Mutual information elsewhere",
    meaning: "The most that a wrong place shares, after the same steps.",
    group: "similarity",
  },
  "metrics-apart": {
    name: "Distance of the two metrics",
    meaning: "How far the transform comes out by the other way to measure what images share: shading draws them apart.",
    better: "lower",
    group: "error",
  },
};
