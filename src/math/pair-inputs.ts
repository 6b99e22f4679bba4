import type { Image } from "../core/image.js";
import type { Registration } from "../core/registration.js";

/** Two images, and what of each counts. */
export interface PairInputs {
  readonly fixed: Image;
  readonly moving: Image;
  readonly fixedMask?: Image | undefined;
  readonly movingMask?: Image | undefined;
}

/** Two images, and where to begin. */
export interface StartedInputs extends PairInputs {
  /** Fixed world to moving world; where the files put them when absent. */
  readonly start?: Registration | undefined;
}
