import type { Window } from "../core/grid.js";
import type { DType } from "../core/image.js";

/** One band in kernel memory: a window of an image. `stride` in elements; `at` is the address of the window's first sample. */
export interface Band {
  readonly at: number;
  readonly dtype: DType;
  readonly stride: number;
  readonly window: Window;
  /**
   * What a B-spline pulls from: the size of the whole image, and the part of the window whose coefficients are wanted, the
   * rest being `splineWindow`. When absent the window is the image.
   */
  readonly spline?: { readonly image: { readonly width: number; readonly height: number }; readonly part: Window };
}
