import type { Selection } from "./select.js";

/** How a run uses the store: reads and writes it, only reads it, only writes it (computing everything anew), or leaves it alone. */
export type CacheMode = "rw" | "r" | "w" | "off";

export interface RunOptions extends Selection {
  /** The store, usually `.tiepoint` beside the pipeline. */
  readonly storeDir: string;
  /** Worker threads; one per core when absent. */
  readonly jobs?: number;
  /** Bytes that the run may use; 60 % of the machine's memory when absent. */
  readonly memory?: number;
  readonly cache?: CacheMode;
  /** Checks the content of stored values too, not only that they are there in their size. */
  readonly verify?: boolean;
  /** Steps to compute even if they are stored. */
  readonly force?: readonly string[];
  /** A failed item leaves a hole in lists, as `on-fail: skip` does for a refused one, and the rest goes on. */
  readonly keepGoing?: boolean;
  /** Module with `registry(extra)` and, for reports, `encodePicture`; lanes load it. */
  readonly catalogueUrl: string;
  /** Modules of the user's plugins as URLs. */
  readonly pluginUrls?: readonly string[];
  /** Version of Tiepoint, for records and provenance. */
  readonly version: string;
  /** Stops the run; its reason is "SIGINT" or "SIGTERM". */
  readonly signal?: AbortSignal;
  /** `tiepoint.lock`: written after a run of the whole plan that passed. */
  readonly lockPath?: string;
  /** Refuses to run when something differs from the lock file. */
  readonly frozen?: boolean;
  /** Module that exports `buildReport` ({@link BuildReport}), called when the plan asks for one. */
  readonly reportUrl?: string;
  /** Where to write the run's record as JSON; as many copies as wanted. */
  readonly recordPaths?: readonly string[];
}
