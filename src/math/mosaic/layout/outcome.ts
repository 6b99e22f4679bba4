import type { Diagnostic } from "../../../core/diagnostic.js";
import type { TileLayout } from "../../../core/tile-tables.js";
import type { Metrics, Verdict } from "../../../core/verdict.js";

/** Where the tiles are, how far that can be believed, and what there is to say. */
export interface LayoutOutcome {
  readonly layout: TileLayout;
  readonly verdict: Verdict;
  readonly metrics: Metrics;
  readonly notes: readonly Diagnostic[];
  /** In words, for previews: "row by row from the top left, turning back at each end". */
  readonly words: LayoutWords;
}

export interface LayoutWords {
  readonly source: string;
  readonly checked: string;
  readonly order?: string;
}
