import type { Term } from "./glossary-term.js";

/** Numbers of registrations by descent: by intensities, by mutual information, by spectra, and of bends by a lattice. */
export const descentTerms: Readonly<Record<string, Term>> = {
  undetermined: {
    name: "Undetermined",
    meaning:
      "Share of the lattice where the images are flat, or show an edge alone: there the bend is carried on from around, and is a guess.",
    better: "lower",
    group: "error",
  },
  "second-start": {
    name: "From a second start",
    meaning: "How far the result comes out when the search begins somewhat elsewhere; a safe one comes out the same.",
    better: "lower",
    group: "error",
  },
  "second-start-apart": {
    name: "Apart from a second start",
    meaning: "Share of places where a second start leads more than half a pixel away.",
    better: "lower",
    group: "error",
  },
  "round-trip": {
    name: "There and back",
    meaning: "How far from where it began a place comes back when the images are exchanged and registered once more.",
    better: "lower",
    group: "error",
  },
  "round-trip-apart": {
    name: "Apart after there and back",
    meaning: "Share of places that come back more than half a pixel away.",
    better: "lower",
    group: "error",
  },
  "metrics-apart": {
    name: "By another measure",
    meaning:
      "How far the result comes out by the other kind of mutual information; shading biases one more than the other.",
    better: "lower",
    group: "error",
  },
  "null-deviation": {
    name: "Stands out from wrong places",
    meaning:
      "How far the result's agreement lies above that of places that cannot be right, in standard deviations of those; 6 is safe, 3.5 may be chance.",
    better: "higher",
    group: "evidence",
  },
  "detail-ncc-before": {
    name: "Correlation of detail before",
    meaning: "Correlation of fine detail, shading taken away, at the start.",
    better: "higher",
    group: "evidence",
  },
  "detail-ncc": {
    name: "Correlation of detail",
    meaning: "Correlation of fine detail, shading taken away, under the result.",
    better: "higher",
    group: "evidence",
  },
  "null-ncc": {
    name: "Correlation at wrong places",
    meaning: "The best correlation of detail at places that cannot be right; the real one must be well above.",
    better: "lower",
    group: "evidence",
  },
  "null-information": {
    name: "Information at wrong places",
    meaning: "The most information that the images share at places that cannot be right; the real one must be above.",
    better: "lower",
    group: "evidence",
  },
  "block-agreement": {
    name: "Blocks that agree by brightness",
    meaning:
      "Share of small blocks that lie best where the transform puts them, judged by pairs of brightness learned from other blocks; chance gives about 5 %.",
    better: "higher",
    group: "evidence",
  },
  "block-deviation": {
    name: "Blocks against chance",
    meaning: "How far the share of blocks that agree lies above that of wrong places, in standard deviations.",
    better: "higher",
    group: "evidence",
  },
  "edge-agreement": {
    name: "Blocks that agree by edges",
    meaning: "The same judged by the directions of edges, which had no part in finding the transform.",
    better: "higher",
    group: "evidence",
  },
  "edge-blocks": {
    name: "Blocks with edges to compare",
    meaning: "Small parts of the overlap with enough edges in both images.",
    better: "higher",
    group: "evidence",
  },
  "half-turn-margin": {
    name: "Margin to a half turn",
    meaning:
      "How much better the images agree than after half a turn more, which has the same spectrum; 1 means that both fit alike.",
    better: "higher",
    group: "evidence",
  },
  peak: {
    name: "Peak",
    meaning: "Correlation of detail at the place that was found.",
    better: "higher",
    group: "evidence",
  },
  "spectrum-peak": {
    name: "Peak of the spectra",
    meaning: "How far the best turn and scale stand out when the spectra are compared, in standard deviations.",
    better: "higher",
    group: "evidence",
  },
  "spectrum-peak-elsewhere": {
    name: "Next peak of the spectra",
    meaning: "The same for the best other turn and scale.",
    better: "lower",
    group: "evidence",
  },
  shared: {
    name: "Compared",
    meaning: "Share of the fixed image's pixels that were compared.",
    better: "higher",
    group: "evidence",
  },
  ncc: {
    name: "Correlation",
    meaning: "Agreement of brightness of all pixels that were compared: 1 up to contrast and offset, 0 unrelated.",
    better: "higher",
    group: "similarity",
  },
  gain: {
    name: "Gain",
    meaning: "How many times brightness changes in the moving image when it changes once in the fixed one.",
    group: "similarity",
  },
  "measure-before": {
    name: "Measure before",
    meaning: "What the descent went by, at the start: see the course in “How it was found”.",
    group: "similarity",
  },
  "measure-after": {
    name: "Measure after",
    meaning: "The same at the end.",
    group: "similarity",
  },
  "information-at-start": {
    name: "Mutual information at the start",
    meaning: "How much the brightness in one image tells of that in the other where the search began.",
    better: "higher",
    group: "similarity",
  },
  information: {
    name: "Mutual information found",
    meaning: "The same at the result; it needs no likeness, so that it holds for images of different kinds.",
    better: "higher",
    group: "similarity",
  },
  "least-jacobian": {
    name: "Smallest change of area",
    meaning:
      "Where the bend shrinks most: area there, as a share of what it was. At 0 it would fold; below 0.2 doubt it.",
    better: "higher",
    group: "shape",
  },
  bend: {
    name: "Typical bend",
    meaning: "How far places are bent aside beyond the start, root mean square.",
    group: "shape",
  },
  "largest-bend": {
    name: "Largest bend",
    meaning: "How far the place is bent aside that is bent most.",
    group: "shape",
  },
  "lattice-spacing": {
    name: "Lattice spacing",
    meaning: "Distance between the nodes of the bend: what is much finer it cannot follow.",
    group: "shape",
  },
};
