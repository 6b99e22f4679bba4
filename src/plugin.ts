/** What plugins import, built-in or not: values and geometry, mathematics, kernels. Nothing else of Tiepoint is for them. */
export * from "./core/describe.js";
export * from "./core/diagnostic.js";
export * from "./core/format.js";
export * from "./core/grid.js";
export * from "./core/image.js";
export * from "./core/matches.js";
export * from "./core/plugin.js";
export * from "./core/points.js";
export * from "./core/quantity.js";
export * from "./core/read-options.js";
export * from "./core/registration.js";
export * from "./core/transform.js";
export * from "./core/verdict.js";
export { type Kernels, kernels } from "./kernel/lane.js";
export { type Arena, KernelMemoryError } from "./kernel/memory.js";
export * as elementary from "./math/elementary.js";
export * from "./math/gaussian.js";
export { seededRandom } from "./math/random.js";
