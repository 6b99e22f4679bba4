import { descentTerms } from "./glossary-descent.js";
import { manyTerms } from "./glossary-many.js";
import type { Group, Term } from "./glossary-term.js";

export type { Group, Term } from "./glossary-term.js";

export const groupTitles: Readonly<Record<Group, string>> = {
  error: "How far off it may be",
  evidence: "What it rests on",
  similarity: "How alike the pictures are",
  shape: "How plausible the transform is",
  other: "Other numbers of these steps",
};

const terms: Readonly<Record<string, Term>> = {
  "expected-error": {
    name: "Expected error",
    meaning:
      "How far a place is likely to be from where it should be, estimated from independent halves of the evidence.",
    better: "lower",
    group: "error",
  },
  "held-out-rmse": {
    name: "Held-out error",
    meaning:
      "Typical miss (root mean square) at tie points that the fit was not allowed to see: the honest one of the two.",
    better: "lower",
    group: "error",
  },
  "fit-rmse": {
    name: "Fit residual",
    meaning:
      "Typical miss (root mean square) at the tie points that the fit was made from: always looks better than the truth.",
    better: "lower",
    group: "error",
  },
  noise: {
    name: "Error from noise",
    meaning:
      "The part of the expected error that the scatter of the tie points brings: two halves of them, fitted apart, differ by about this.",
    better: "lower",
    group: "error",
  },
  misfit: {
    name: "Error from the model",
    meaning:
      "The part of the expected error that this kind of transform cannot follow; if it is large, one that bends may help.",
    better: "lower",
    group: "error",
  },
  "folded-inside": {
    name: "Folded between the points",
    meaning: "Share of what the tie points enclose where the map folds over itself: anything above 0 is wrong.",
    better: "lower",
    group: "shape",
  },
  folded: {
    name: "Folded",
    meaning: "Share of the fixed image where the map folds over itself.",
    better: "lower",
    group: "shape",
  },
  extrapolated: {
    name: "Extrapolated",
    meaning: "Share of the fixed image outside of the tie points, where a map that bends is only guessed.",
    better: "lower",
    group: "shape",
  },
  "least-area": {
    name: "Most shrunk place",
    meaning: "Where the map shrinks most between the tie points: area there, as a share of the median.",
    group: "shape",
  },
  "largest-area": {
    name: "Most stretched place",
    meaning: "Where the map stretches most between the tie points: area there, as a share of the median.",
    group: "shape",
  },
  "jacobian-median": {
    name: "Change of area",
    meaning: "Median of how much the map magnifies areas: 1 keeps them, below 0 the image is turned over.",
    group: "shape",
  },
  freedom: {
    name: "Freedom",
    meaning:
      "Parameters per coordinate that the map made use of: 3 is an affine map, one for each point goes through all.",
    group: "shape",
  },
  smoothing: {
    name: "Smoothing",
    meaning:
      "What was paid for bending: 0 goes through every point, 1 is nearly straight. Chosen by leaving points out.",
    group: "shape",
  },
  "median-residual": {
    name: "Median residual",
    meaning: "Half of the tie points miss by less than this, half by more.",
    better: "lower",
    group: "error",
  },
  "max-residual": {
    name: "Largest residual",
    meaning: "The worst miss among the tie points that were kept.",
    better: "lower",
    group: "error",
  },
  rmse: {
    name: "Root mean square error",
    meaning: "Typical distance between where points fall and where they should.",
    better: "lower",
    group: "error",
  },
  "tre-rms": {
    name: "Target registration error",
    meaning: "Typical miss at known landmarks that took no part in the registration: the best measure there is.",
    better: "lower",
    group: "error",
  },
  "tre-median": {
    name: "Median target registration error",
    meaning: "Half of the known landmarks miss by less than this.",
    better: "lower",
    group: "error",
  },
  "tre-mean": {
    name: "Mean target registration error",
    meaning: "Average miss at the known landmarks.",
    better: "lower",
    group: "error",
  },
  "tre-p90": {
    name: "Target registration error, nine in ten",
    meaning: "Nine in ten of the known landmarks miss by less than this.",
    better: "lower",
    group: "error",
  },
  "tre-max": {
    name: "Largest target registration error",
    meaning: "The worst miss at a known landmark.",
    better: "lower",
    group: "error",
  },
  "inverse-consistency": {
    name: "Inverse consistency",
    meaning: "Registering the other way round should undo this; the distance by which it does not.",
    better: "lower",
    group: "error",
  },
  "loop-closure": {
    name: "Loop closure",
    meaning: "Going round through several images should end where it began; the distance by which it does not.",
    better: "lower",
    group: "error",
  },
  inliers: {
    name: "Tie points kept",
    meaning: "Places found in both images that agree with one common transform.",
    better: "higher",
    group: "evidence",
  },
  matches: {
    name: "Tie points found",
    meaning: "Places that the matcher held to be the same in both images, right or wrong.",
    better: "higher",
    group: "evidence",
  },
  "inlier-share": {
    name: "Share kept",
    meaning: "How many of the tie points agree; a low share means that much of the evidence contradicts the rest.",
    better: "higher",
    group: "evidence",
  },
  coverage: {
    name: "Coverage",
    meaning: "How much of the image has tie points near it; outside of them the transform is a guess.",
    better: "higher",
    group: "evidence",
  },
  agreement: {
    name: "Local agreement",
    meaning:
      "How much of the overlap agrees with the transform on a second look. Images that share only a caption or a frame agree in a small part.",
    better: "higher",
    group: "evidence",
  },
  "log10-nfa": {
    name: "Chance of coincidence",
    meaning:
      "How often so much agreement would turn up by accident. One in 10²⁰ is no accident; a few expected is what chance alone gives.",
    group: "evidence",
  },
  "null-inlier-share": {
    name: "Share kept by chance",
    meaning:
      "Share of tie points that still agree when they are shuffled, so that none can be right; the real share must be well above.",
    better: "lower",
    group: "evidence",
  },
  "rival-share": {
    name: "Strength of the best rival",
    meaning:
      "How strong the best other answer is, compared with this one; near 100 % means that two answers fit alike.",
    better: "lower",
    group: "evidence",
  },
  "guided-inliers": {
    name: "Tie points after the second search",
    meaning:
      "Kept after searching again near the first answer; these make the transform accurate, the first ones prove it.",
    better: "higher",
    group: "evidence",
  },
  "guided-share": {
    name: "Share kept after the second search",
    meaning: "How many of those agree.",
    better: "higher",
    group: "evidence",
  },
  landmarks: {
    name: "Landmarks",
    meaning: "Known places that the registration did not see, at which it was measured.",
    group: "evidence",
  },
  "landmarks-outside": {
    name: "Landmarks outside",
    meaning: "Known places that the transform sends nowhere; they could not be measured.",
    better: "lower",
    group: "evidence",
  },
  "null-inliers": {
    name: "Agreement without correspondence",
    meaning: "Tie points that the same method keeps on images that cannot match; the real count must be well above.",
    better: "lower",
    group: "evidence",
  },
  margin: {
    name: "Margin to the next best",
    meaning: "How much better this answer is than its best rival; close to none means that two answers fit alike.",
    better: "higher",
    group: "evidence",
  },
  "structure-score": {
    name: "Agreement of edges",
    meaning:
      "How well small blocks of both images agree on one transform by their edges alone, summed over all blocks; above 0.3 is usual.",
    better: "higher",
    group: "evidence",
  },
  "block-consistency": {
    name: "Blocks that agree",
    meaning:
      "Share of small blocks that, each by itself, would put the moving image where the transform puts it; chance gives about 5 %.",
    better: "higher",
    group: "evidence",
  },
  blocks: {
    name: "Blocks with edges",
    meaning: "Small parts of the overlap with enough edges in both images to be compared.",
    better: "higher",
    group: "evidence",
  },
  overlap: {
    name: "Overlap",
    meaning: "How much of the smaller image the two have in common once they lie together.",
    better: "higher",
    group: "evidence",
  },
  "peak-ratio": {
    name: "Peak ratio",
    meaning: "How far the best shift stands out from the second best.",
    better: "higher",
    group: "evidence",
  },
  iterations: {
    name: "Iterations",
    meaning: "Rounds that the optimiser made before it stopped.",
    group: "evidence",
  },
  "ncc-before": {
    name: "Correlation before",
    meaning: "Agreement of brightness before registration: 1 is the same picture, 0 unrelated, −1 a negative.",
    better: "higher",
    group: "similarity",
  },
  "ncc-after": {
    name: "Correlation after",
    meaning: "The same after registration; it should have risen.",
    better: "higher",
    group: "similarity",
  },
  "nmi-before": {
    name: "Mutual information before",
    meaning: "How well one picture predicts the other, whatever their colours, before registration (1 is not at all).",
    better: "higher",
    group: "similarity",
  },
  "nmi-after": {
    name: "Mutual information after",
    meaning: "The same after registration; it should have risen. Made for images of different kinds.",
    better: "higher",
    group: "similarity",
  },
  "mi-before": {
    name: "Mutual information before",
    meaning: "How well one picture predicts the other, whatever their colours, before registration (0 is not at all).",
    better: "higher",
    group: "similarity",
  },
  "mi-after": {
    name: "Mutual information after",
    meaning: "The same after registration; it should have risen.",
    better: "higher",
    group: "similarity",
  },
  "ssim-before": {
    name: "Structural similarity before",
    meaning: "Agreement of local brightness and texture before registration: 1 is the same picture, 0 unrelated.",
    better: "higher",
    group: "similarity",
  },
  "ssim-after": {
    name: "Structural similarity after",
    meaning: "The same after registration; it should have risen.",
    better: "higher",
    group: "similarity",
  },
  "ssd-before": {
    name: "Squared difference before",
    meaning: "Mean squared difference of brightness before registration; for images of the same kind only.",
    better: "lower",
    group: "similarity",
  },
  "ssd-after": {
    name: "Squared difference after",
    meaning: "The same after registration; it should have fallen.",
    better: "lower",
    group: "similarity",
  },
  "similarity-gain": {
    name: "Gain of similarity",
    meaning: "How much more alike the pictures became; not above zero means that the registration did not help.",
    better: "higher",
    group: "similarity",
  },
  dice: {
    name: "Dice overlap",
    meaning: "Agreement of two outlines: 1 is complete, 0 is none.",
    better: "higher",
    group: "similarity",
  },
  rotation: { name: "Rotation", meaning: "Turn between the images.", group: "shape" },
  scale: {
    name: "Scale",
    meaning: "Magnification from the fixed to the moving image; 1 means equal size.",
    group: "shape",
  },
  "scale-x": {
    name: "Scale along x",
    meaning: "Magnification along the first axis; 1 means equal size.",
    group: "shape",
  },
  "scale-y": {
    name: "Scale along y",
    meaning: "Magnification along the second axis; 1 means equal size.",
    group: "shape",
  },
  shear: {
    name: "Shear",
    meaning: "How far squares become slanted; large values are rare in real images of one object.",
    group: "shape",
  },
  anisotropy: {
    name: "Anisotropy",
    meaning: "Longest against shortest magnification; 1 means the same in all directions.",
    group: "shape",
  },
  "shift-x": { name: "Shift along x", meaning: "Displacement to the right.", group: "shape" },
  "shift-y": { name: "Shift along y", meaning: "Displacement along the second axis.", group: "shape" },
  shift: { name: "Shift", meaning: "Length of the displacement.", group: "shape" },
  folding: {
    name: "Folding",
    meaning: "Share of the image where the transform turns the picture inside out; anything above zero is wrong.",
    better: "lower",
    group: "shape",
  },
  "jacobian-min": {
    name: "Strongest shrinking",
    meaning: "Smallest local change of area; below zero the picture folds over itself.",
    group: "shape",
  },
  "jacobian-max": { name: "Strongest growth", meaning: "Largest local change of area.", group: "shape" },
  verdict: {
    name: "Verdict",
    meaning: "The judgement of the program on all the evidence together.",
    group: "other",
  },
  "mean-error": {
    name: "Mean error",
    meaning: "Distance of points from where they belong, on average over images that the training did not see.",
    better: "lower",
    group: "error",
  },
  "median-error": {
    name: "Median error",
    meaning: "Half of the points are nearer than this to where they belong.",
    better: "lower",
    group: "error",
  },
  "error-90": {
    name: "Error of nine in ten",
    meaning: "Nine in ten points are nearer than this to where they belong.",
    better: "lower",
    group: "error",
  },
  "worst-image-error": {
    name: "Error of the worst image",
    meaning: "Mean error of the points of that image.",
    better: "lower",
    group: "error",
  },
  "mean-shape-error": {
    name: "Error of the mean shape",
    meaning: "What one would get without looking at the images: each point where it is on average.",
    group: "error",
  },
  confidence: {
    name: "Confidence",
    meaning: "Chance of a point to be right, on average over the points.",
    better: "higher",
    group: "evidence",
  },
  "lowest-confidence": {
    name: "Lowest confidence",
    meaning: "That of the least certain point.",
    better: "higher",
    group: "evidence",
  },
  "mean-confidence": {
    name: "Mean confidence",
    meaning: "Chance of a point to be right, on average over points and images.",
    better: "higher",
    group: "evidence",
  },
  ...descentTerms,
  ...manyTerms,
  reflection: {
    name: "Reflection",
    meaning: "1 when the transform mirrors the image, which is right only for a section turned over.",
    group: "shape",
  },
};

/** The entry of a metric; one that nobody explained stands under its own name. */
export function termOf(metric: string): Term {
  if (Object.hasOwn(terms, metric)) return terms[metric]!;
  const words = metric.replace(/-/g, " ");
  return {
    name: words.charAt(0).toUpperCase() + words.slice(1),
    meaning: "",
    group: "other",
  };
}

/** Position of a metric in the glossary, which is the order of the tables; unknown ones come last. */
export function termOrder(metric: string): number {
  const at = Object.keys(terms).indexOf(metric);
  return at < 0 ? Number.MAX_SAFE_INTEGER : at;
}
