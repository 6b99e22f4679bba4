/** What a number of the record means, for somebody who never computed one. */
export interface Term {
  readonly name: string;
  /** One sentence. */
  readonly meaning: string;
  /** Which way is good, where that holds in general. */
  readonly better?: "higher" | "lower";
  /** Part of the table that it stands in. */
  readonly group: Group;
}

/** In the order of the table. */
export type Group = "error" | "evidence" | "similarity" | "shape" | "other";
