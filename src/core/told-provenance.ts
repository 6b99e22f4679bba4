import type { Provenance } from "./plugin.js";

/** Input files that are named in a picture's file; more of them are counted. */
const MOST_INPUTS = 500;

/** Provenance as plain data for a file of pixels: a mosaic of ten thousand tiles need not name them all. */
export function toldProvenance({ inputs, ...rest }: Provenance): object {
  const leftOut = inputs.length - MOST_INPUTS;
  return { ...rest, inputs: inputs.slice(0, MOST_INPUTS), ...(leftOut > 0 ? { inputsLeftOut: leftOut } : {}) };
}
