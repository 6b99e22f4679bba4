import { type DType, rangeOf } from "../core/image.js";

const types: readonly DType[] = ["uint8", "uint16", "int16", "uint32", "float32"];

/** The number by which kernels know a sample type (src/kernel/assembly/samples.ts). */
export const sampleType = (dtype: DType): number => types.indexOf(dtype);

/** A nodata value that samples of the type can have; `undefined` where none can, or where NaN says it already. */
export function findableNodata(dtype: DType, nodata: number | undefined): number | undefined {
  if (nodata === undefined || Number.isNaN(nodata)) return undefined;
  if (dtype === "float32") return Number.isFinite(Math.fround(nodata)) ? nodata : undefined;
  const [low, high] = rangeOf(dtype);
  return Number.isInteger(nodata) && nodata >= low && nodata <= high ? nodata : undefined;
}
