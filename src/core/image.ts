import type { Grid, Window } from "./grid.js";

export type DType = "uint8" | "uint16" | "int16" | "uint32" | "float32";
export type PixelData = Uint8Array | Uint16Array | Int16Array | Uint32Array | Float32Array;

/** Pixels in memory, planar and row-major: sample (band, y, x) is `data[(band * height + y) * width + x]`. */
export interface Pixels {
  readonly data: PixelData;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
}

export interface ReadOptions {
  /** Which bands, in this order; all when absent. */
  readonly bands?: readonly number[];
  /** Fills this array (of the image's dtype, exactly large enough) in place of a new one; it may lie in kernel memory. */
  readonly into?: PixelData;
  readonly signal?: AbortSignal;
}

/** An image: a grid in the world, and pixels that are read on demand. Immutable. */
export interface Image {
  readonly grid: Grid;
  readonly dtype: DType;
  /** Band names, in order: "gray", "red", "green", "blue", "alpha", a channel's name or "band 1". */
  readonly bands: readonly string[];
  /** `labels` are class ids and `mask` is 0 or not: neither is ever averaged. */
  readonly meaning: "intensity" | "labels" | "mask";
  /** Sample value that means "no observation here"; NaN always does. */
  readonly nodata?: number;
  /** Natural read size in pixels; a hint to whoever cuts windows. */
  readonly tile: { readonly width: number; readonly height: number };
  /** Coarser versions that exist already, finest first, each on a grid of its own in the same world. */
  readonly overviews?: readonly Image[];
  /** Plain data by which any worker can rebuild this image; set by the engine. */
  readonly recipe?: Recipe;
  /**
   * Reads a window, which must lie inside the grid. Calls may run at the same time.
   *
   * @throws DiagnosticError when a file turns out to be damaged, or memory would exceed the budget
   */
  read(window: Window, options?: ReadOptions): Promise<Pixels>;
  /**
   * All that the samples of a window depend on, as text: equal texts of one plugin's version are equal samples, wherever in
   * which image they lie. `undefined` where that cannot be told without computing them. It lets the engine keep an image
   * block by block, so that a change in one place redoes what it touches.
   */
  windowKey?(window: Window): Promise<string | undefined>;
}

/** How an image comes about: a step's plugin with its parameters and inputs, as plain data (src/run/recipe.ts). */
export interface Recipe {
  /** Content address of the step that gives the image. */
  readonly key: string;
  /** Output port of that step, and the item where the port gives a list. */
  readonly port: string;
  readonly item?: string;
  readonly plugin: string;
  readonly params: unknown;
  readonly seed: number;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const arrays = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  float32: Float32Array,
} as const;

export const bytesPerSample = (dtype: DType): number => arrays[dtype].BYTES_PER_ELEMENT;

/** A zero-filled array of the type's own kind. */
export function pixelArray(dtype: DType, length: number): PixelData {
  return new arrays[dtype](length);
}

/** A view of the type's own kind on existing bytes. */
export function pixelView(dtype: DType, buffer: ArrayBufferLike, byteOffset: number, length: number): PixelData {
  return new arrays[dtype](buffer as ArrayBuffer, byteOffset, length);
}

/** Smallest and largest value that a type can hold; infinite for float32. */
export function rangeOf(dtype: DType): readonly [number, number] {
  switch (dtype) {
    case "uint8":
      return [0, 255];
    case "uint16":
      return [0, 65535];
    case "int16":
      return [-32768, 32767];
    case "uint32":
      return [0, 4294967295];
    case "float32":
      return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  }
}

/** True for class ids and masks, which are never averaged. */
export const isCategorical = (image: Pick<Image, "meaning">): boolean => image.meaning !== "intensity";
