// The kernels: plain functions over addresses and half-open ranges [lo, hi). They never allocate and hold no mutable
// static data, so that any number of threads can share one memory.
export * from "./area";
export * from "./bilateral";
export * from "./brief";
export * from "./brisk-describe";
export * from "./brisk-detect";
export * from "./byte-pyramid";
export * from "./coarsen";
export * from "./contours";
export * from "./convert";
export * from "./corner-refine";
export * from "./elementary";
export * from "./edge-strength";
export * from "./equalise";
export * from "./even-light";
export * from "./fast";
export * from "./feature-image";
export * from "./fft";
export * from "./filter";
export * from "./flat-border";
export { freeFormProducts, freeFormStencil } from "./free-form-products";
export { freeFormFactor, freeFormProduct, freeFormSolve } from "./free-form-solve";
export { freeFormSums } from "./free-form-sums";
export { fuse, fuseLabels, fuseScratch } from "./fuse";
export * from "./fuse-along";
export * from "./gradient-fields";
export * from "./harris";
export * from "./holes";
export * from "./integral";
export * from "./intensity-level";
export { intensitySums } from "./intensity-sums";
export * from "./log-polar";
export * from "./local-contrast";
export * from "./lucas-kanade";
export * from "./median";
export * from "./mldb";
export * from "./multiband";
export { informationHistogram, informationSamples, placesHistogram } from "./mutual-information";
export { informationScores } from "./mutual-information-scores";
export * from "./mutual-information-table";
export * from "./nonlinear";
export * from "./oriented";
export { capturePairs } from "./pair-capture";
export { refinePairs } from "./pair-refine";
export * from "./plate-matrix";
export * from "./pointwise";
export * from "./match";
export { cellsOnCanvas, interleaveFields, placeOnCanvas, rowExtents, validSquares } from "./pose-canvas";
export * from "./pose-peaks";
export * from "./pose-search";
export * from "./pose-spectra";
export * from "./scale-space";
export * from "./sift-describe";
export * from "./sift-detect";
export { splineCoefficients } from "./spline-coefficients";
export * from "./surf-describe";
export * from "./surf-detect";
export * from "./tilt";
export * from "./tie-surface";
export { thinPlate } from "./thin-plate";
export * from "./trees";
export * from "./warp";
export * from "./warp-along";

/** First address that the host may use. */
export function heapBase(): usize {
  return __heap_base;
}
