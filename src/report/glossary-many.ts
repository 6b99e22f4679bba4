import type { Term } from "./glossary-term.js";

/** Numbers of mosaics, of their light and seams, and of stacks. */
export const manyTerms: Readonly<Record<string, Term>> = {
  "worst-error": {
    name: "Largest expected error",
    meaning: "The expected error of the image that is known least.",
    better: "lower",
    group: "error",
  },
  "residual-rms": {
    name: "Residual of overlaps",
    meaning:
      "Typical distance (root mean square) between where one overlap puts two tiles and where all of them together do.",
    better: "lower",
    group: "error",
  },
  "residual-p95": {
    name: "Residual of nineteen in twenty",
    meaning: "Nineteen in twenty overlaps agree better than this with all of them together.",
    better: "lower",
    group: "error",
  },
  "edge-floor": {
    name: "Least error of an overlap",
    meaning:
      "What overlaps disagree by even where their pixels would allow less: the error of each is not taken to be below it.",
    group: "error",
  },
  tiles: {
    name: "Tiles",
    meaning: "How many tiles there are.",
    group: "evidence",
  },
  "connected-tiles": {
    name: "Connected tiles",
    meaning: "Share of the tiles that overlaps connect with each other; others lie where the stage says.",
    better: "higher",
    group: "evidence",
  },
  islands: {
    name: "Islands",
    meaning: "Groups of tiles that no overlap connects with each other; 1 is a mosaic in one piece.",
    better: "lower",
    group: "evidence",
  },
  edges: {
    name: "Overlaps",
    meaning: "Pairs of neighbouring tiles.",
    group: "evidence",
  },
  "edges-used": {
    name: "Overlaps used",
    meaning: "Overlaps that show where their tiles lie and agree with the others.",
    better: "higher",
    group: "evidence",
  },
  outliers: {
    name: "Contradicting overlaps",
    meaning: "Overlaps that show another place than all others together; they were left out.",
    better: "lower",
    group: "evidence",
  },
  "null-score": {
    name: "Score of chance",
    meaning: "Correlation that pairs of tiles which cannot overlap reach: an overlap must do better to count.",
    group: "evidence",
  },
  "stage-jitter": {
    name: "Error of the stage",
    meaning: "How far the stage put tiles from where they are, apart from a common turn and scale.",
    group: "shape",
  },
  reach: {
    name: "Searched distance",
    meaning: "How far around the expected place an overlap was looked for.",
    group: "other",
  },
  slices: {
    name: "Slices",
    meaning: "How many slices or frames there are.",
    group: "evidence",
  },
  placed: {
    name: "Slices placed",
    meaning: "Slices whose place comes from their pixels.",
    better: "higher",
    group: "evidence",
  },
  "bad-slices": {
    name: "Bad slices",
    meaning: "Slices that look like none of their neighbours; they were placed between these.",
    better: "lower",
    group: "evidence",
  },
  parts: {
    name: "Parts",
    meaning: "Pieces of the stack that nothing connects; 1 is a stack in one piece.",
    better: "lower",
    group: "evidence",
  },
  pairs: {
    name: "Pairs used",
    meaning: "Pairs of slices whose comparison counts.",
    better: "higher",
    group: "evidence",
  },
  "pair-outliers": {
    name: "Contradicting pairs",
    meaning: "Pairs of slices that contradict the others; they were left out.",
    better: "lower",
    group: "evidence",
  },
  likeness: {
    name: "Likeness of neighbours",
    meaning: "Typical correlation of slices that were compared, once aligned.",
    better: "higher",
    group: "similarity",
  },
  chance: {
    name: "Likeness of chance",
    meaning: "Correlation that slices reach which do not belong together.",
    group: "evidence",
  },
  "overlap-ncc": {
    name: "Correlation at seams",
    meaning: "Correlation of two tiles where they overlap, on average over the seams.",
    better: "higher",
    group: "similarity",
  },
  "seam-step": {
    name: "Step at seams",
    meaning:
      "How much brightness steps from one tile to the next, on average, as a share of the brightness there; noise and fine structure are part of it.",
    better: "lower",
    group: "similarity",
  },
  "seam-step-95": {
    name: "Step at the worst seams",
    meaning: "Nineteen in twenty seams have a smaller step of brightness.",
    better: "lower",
    group: "similarity",
  },
  seams: {
    name: "Seams",
    meaning: "Overlaps whose brightness was compared.",
    group: "evidence",
  },
  "flat-error": {
    name: "Error of the flat field",
    meaning: "How far the found light is expected to be from the true one, on average over the tile.",
    better: "lower",
    group: "error",
  },
  shading: {
    name: "Uneven light",
    meaning: "How much light departs from even over a tile, on average.",
    group: "shape",
  },
  unevenness: {
    name: "Differences between zones",
    meaning: "How much zones of a tile differ in brightness over all tiles, as they are.",
    group: "shape",
  },
  "unevenness-left": {
    name: "Differences left",
    meaning: "How much zones of a tile differ once the light is taken out.",
    better: "lower",
    group: "shape",
  },
  "dark-level": {
    name: "Dark signal",
    meaning: "What the camera shows without light, in the intensities of the tiles.",
    group: "other",
  },
  "dark-error": {
    name: "Error of the dark signal",
    meaning: "How far the dark signal is expected to be from the true one.",
    better: "lower",
    group: "error",
  },
  "tiles-used": {
    name: "Tiles used",
    meaning: "Tiles that the light was found from.",
    group: "evidence",
  },
  "slices-bent": {
    name: "Slices bent",
    meaning: "Slices whose bend comes from their own pixels; the others bend as their neighbours.",
    better: "higher",
    group: "evidence",
  },
  "apart-ncc-before": {
    name: "Correlation of slices apart, before",
    meaning: "Correlation of slices too far apart to have been compared with each other, placed but not bent.",
    group: "similarity",
  },
  "apart-ncc-after": {
    name: "Correlation of slices apart, after",
    meaning: "Correlation of slices too far apart to have been compared with each other, placed and bent.",
    better: "higher",
    group: "similarity",
  },
  "held-out-ncc-before": {
    name: "Correlation of pixels held out, before",
    meaning:
      "Correlation of a slice with its neighbours at pixels that were kept from the registration, without a bend.",
    group: "similarity",
  },
  "held-out-ncc-after": {
    name: "Correlation of pixels held out, after",
    meaning:
      "Correlation of a slice with its neighbours at pixels that were kept from the registration, bent by the others.",
    better: "higher",
    group: "similarity",
  },
  "bend-size": {
    name: "Size of the bends",
    meaning: "Typical distance (root mean square) by which the bends move a place.",
    group: "shape",
  },
  "bend-noise": {
    name: "Bends of noise",
    meaning: "What bends are found, typically, where there are none: two halves of the pixels differ by that much.",
    better: "lower",
    group: "error",
  },
  unchecked: {
    name: "Unchecked slices",
    meaning: "Slices that one pair alone places: nothing contradicts it, and nothing confirms it.",
    better: "lower",
    group: "evidence",
  },
};
