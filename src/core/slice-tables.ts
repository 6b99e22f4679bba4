import { failed, ok, problem, type Result } from "./diagnostic.js";
import type { Affine2 } from "./grid.js";
import type { Table } from "./plugin.js";

/** What was found of a slice: `used`, `bridged` (bad, placed between its neighbours) or `lost` (nothing to place it by). */
export type SliceState = "used" | "bridged" | "lost";

/** Where the slices of a stack are: the map from each slice's pixels to the pixels of the common frame. */
export interface SliceTransforms {
  /** Item ids, or names of bands where one image holds all slices; in the order of the stack. */
  readonly slices: readonly string[];
  readonly frameFromSlice: readonly Affine2[];
  /** Expected error, pixels. */
  readonly sigma: Float64Array;
  readonly state: readonly SliceState[];
}

export const slicesTable = ({ slices, frameFromSlice, sigma, state }: SliceTransforms): Table => ({
  meaning: "slice-transforms",
  columns: {
    file: slices,
    m00: frameFromSlice.map((m) => m[0]),
    m01: frameFromSlice.map((m) => m[1]),
    m02: frameFromSlice.map((m) => m[2]),
    m10: frameFromSlice.map((m) => m[3]),
    m11: frameFromSlice.map((m) => m[4]),
    m12: frameFromSlice.map((m) => m[5]),
    sigma: [...sigma],
    state,
  },
});

/** Reads a table with the columns file and m00 to m12. @returns `not-slice-transforms` when one is missing or no number */
export function sliceTransforms({ columns }: Table): Result<SliceTransforms> {
  const names = ["m00", "m01", "m02", "m10", "m11", "m12"];
  const bad = ["file", ...names].find(
    (name) => !columns[name] || (name !== "file" && columns[name].some((v) => !Number.isFinite(Number(v)))),
  );
  if (bad) {
    return failed(
      problem(
        "not-slice-transforms",
        `Expected a table with the columns file, ${names.join(", ")}, but ${bad} is missing or holds no numbers`,
        "Give the table of a step stack/align.",
      ),
    );
  }
  const slices = columns.file!.map(String);
  const at = (name: string, i: number) => Number(columns[name]![i]);
  return ok({
    slices,
    frameFromSlice: slices.map((_, i) => names.map((name) => at(name, i)) as unknown as Affine2),
    sigma: Float64Array.from(slices, (_, i) => Number(columns.sigma?.[i] ?? Number.NaN)),
    state: slices.map((_, i) => (columns.state?.[i] as SliceState) ?? "used"),
  });
}

/** `used`, `weak` (not told from chance), `outlier` (found, but the others contradict it) or `bad` (one of them is a bad slice). */
export type SlicePairState = "used" | "weak" | "outlier" | "bad";

/** Pairs of slices that were compared, and what was seen. */
export interface SlicePairs {
  readonly a: readonly string[];
  readonly b: readonly string[];
  /** From a's pixels to b's. */
  readonly bFromA: readonly Affine2[];
  /** Expected error over the slice, pixels. */
  readonly sigma: Float64Array;
  /** Normalised correlation of what both show, −1 to 1. */
  readonly ncc: Float64Array;
  /** Root mean square distance between what the pair shows and where its slices were put, pixels. */
  readonly residual: Float64Array;
  readonly state: readonly SlicePairState[];
}

export const slicePairsTable = ({ a, b, bFromA, sigma, ncc, residual, state }: SlicePairs): Table => ({
  meaning: "slice-pairs",
  columns: {
    a,
    b,
    m00: bFromA.map((m) => m[0]),
    m01: bFromA.map((m) => m[1]),
    m02: bFromA.map((m) => m[2]),
    m10: bFromA.map((m) => m[3]),
    m11: bFromA.map((m) => m[4]),
    m12: bFromA.map((m) => m[5]),
    sigma: [...sigma],
    ncc: [...ncc],
    residual: [...residual],
    state,
  },
});
