import type { Grid } from "./grid.js";
import type { Transform } from "./transform.js";
import type { Verdict } from "./verdict.js";

/** What travels on a `transform` port: a map from the fixed world to the moving world, and the verdict on it. */
export interface Registration {
  readonly transform: Transform;
  /** Grids of the two images, when they are known: they place pixels and give the default extent of a warp. */
  readonly fixed?: Grid;
  readonly moving?: Grid;
  readonly verdict?: Verdict;
}
