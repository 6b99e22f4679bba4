import { statSync } from "node:fs";
import type { Diagnostic } from "../core/diagnostic.js";
import type { Task } from "../pipeline/task.js";
import type { SeenFile, StatCache } from "./files.js";
import type { JobResult } from "./protocol.js";

/** Digests of the files that a run reads, and of outputs that earlier runs wrote. */
export class Inputs {
  readonly seen = new Map<string, SeenFile>();
  readonly failures = new Map<string, readonly Diagnostic[]>();

  constructor(private readonly cache: StatCache) {}

  /** Takes the digests of files, of those that changed since the last run by reading them. @param digest  reads one in a lane */
  async look(paths: Iterable<string>, digest: (path: string) => Promise<JobResult>): Promise<void> {
    const unknown: string[] = [];
    for (const path of new Set(paths)) {
      const known = this.cache.find(path);
      if (known) this.seen.set(path, known);
      else unknown.push(path);
    }
    await Promise.all(
      unknown.map(async (path) => {
        const result = await digest(path);
        if (result.type === "digested") {
          this.seen.set(path, result.file);
          this.cache.remember(result.file);
        } else if (result.type === "failed") this.failures.set(path, result.diagnostics);
      }),
    );
  }

  /** Digests by port, or what is wrong with the first file that cannot be read. */
  of(task: Task): { readonly files: Readonly<Record<string, SeenFile>> } | { readonly failed: readonly Diagnostic[] } {
    const files: Record<string, SeenFile> = {};
    for (const [port, path] of Object.entries(task.files ?? {})) {
      const file = this.seen.get(path);
      if (!file) return { failed: this.failures.get(path) ?? [] };
      files[port] = file;
    }
    return { files };
  }
}

/** Whether two paths are one file, whatever they are called. */
export function isSameFile(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }));
  return one !== undefined && other !== undefined && one.ino === other.ino && one.dev === other.dev;
}
