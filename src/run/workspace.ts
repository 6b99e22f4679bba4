import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { guarded, makeFolder, sizeOf } from "./disk.js";
import { Leases } from "./lease.js";
import type { CacheMode } from "./options.js";
import { Store } from "./store.js";

/** The store as a run of some cache mode sees it. */
export interface Workspace {
  readonly store: Store;
  /** Absent where nobody else can see what this run stores. */
  readonly leases: Leases | undefined;
  /** Whether results of earlier runs count. */
  readonly reads: boolean;
  close(): void;
}

/** Opens the store. Runs that shall leave no trace in it store into a scratch folder inside, which goes when they end. */
export function openWorkspace(folder: string, cache: CacheMode): Workspace {
  guarded(folder, () => makeFolder(folder));
  // Keeps results out of version control, wherever the store lies.
  const ignore = join(folder, ".gitignore");
  if (sizeOf(ignore) === undefined) guarded(ignore, () => writeFileSync(ignore, "*\n"));
  if (cache === "rw" || cache === "w") {
    const leases = new Leases(folder);
    return { store: new Store(folder), leases, reads: cache === "rw", close: () => leases.close() };
  }
  const scratch = join(folder, `scratch-${process.pid}-${process.hrtime.bigint().toString(36)}`);
  guarded(scratch, () => mkdirSync(scratch));
  return {
    store: new Store(scratch, cache === "r" ? [folder] : []),
    leases: undefined,
    reads: cache === "r",
    close: () => rmSync(scratch, { recursive: true, force: true }),
  };
}
