import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { DiagnosticError, failed, ok, problem, type Result } from "../core/diagnostic.js";
import { isMissing, readWhole, sizeOf, writeWhole } from "./disk.js";
import { stampOf } from "./store.js";
import { isFolder, treeDigest } from "./tree.js";

/** An input file as it was when its digest was taken. */
export interface SeenFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Size, times and inode: when they change, the digest no longer holds. */
  readonly stamp: string;
}

/** A file that changed this recently may change again within the clock's grain, so its digest is not remembered. */
const SETTLED_MS = 2000;
const CHUNK = 4 * 1024 ** 2;

/** Takes the digest of a file that a run wrote, or of a folder. */
export function digestOutput(path: string): Result<SeenFile> {
  if (!isFolder(path)) return digestFile(path);
  const stamp = stampOf(path) ?? "";
  try {
    const digest = treeDigest(path, (file) => {
      const made = digestFile(file);
      if (!made.ok) throw new DiagnosticError(...made.diagnostics);
      return made.value;
    });
    return stampOf(path) === stamp ? ok({ path, ...digest, stamp }) : failed(changed(path));
  } catch (error) {
    if (error instanceof DiagnosticError) return { ok: false, diagnostics: error.diagnostics };
    throw error;
  }
}

/** Takes the digest of a file's bytes, reading it piece by piece. */
export function digestFile(path: string): Result<SeenFile> {
  const stamp = isFolder(path) ? undefined : stampOf(path);
  if (stamp === undefined) {
    return sizeOf(path) === undefined
      ? failed(
          problem("input-missing", `There is no file ${path}`, "Check the path; it is relative to the pipeline file."),
        )
      : failed(problem("input-unreadable", `${path} is not a file`, "Name a file, or use all: with a pattern."));
  }
  try {
    const fd = openSync(path, "r");
    try {
      const hash = createHash("sha256");
      const buffer = Buffer.allocUnsafe(CHUNK);
      let bytes = 0;
      for (let n = 0; (n = readSync(fd, buffer, 0, CHUNK, null)) > 0; bytes += n) hash.update(buffer.subarray(0, n));
      if (stampOf(path) !== stamp) return failed(changed(path));
      return ok({ path, sha256: hash.digest("hex"), bytes, stamp });
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const code = isMissing(error) ? "input-missing" : "input-unreadable";
    return failed(
      problem(code, `${path} cannot be read (${(error as { code?: string }).code ?? error})`, "Check its permissions."),
    );
  }
}

export const changed = (path: string) =>
  problem(
    "input-changed",
    `${path} changed while the run was reading it`,
    "Wait until nothing writes to it, and run again. Nothing that came of it was stored.",
  );

/** Digests by path and stamp, kept between runs, so that an unchanged file is not read only to be recognised. */
export class StatCache {
  readonly #path: string;
  readonly #known = new Map<string, SeenFile>();
  #dirty = false;

  constructor(folder: string) {
    this.#path = join(folder, "stat.json");
    try {
      const read = JSON.parse(readWhole(this.#path)?.toString() ?? "{}") as { files?: readonly SeenFile[] };
      for (const file of read.files ?? []) this.#known.set(file.path, file);
    } catch {
      // A damaged cache is an empty cache.
    }
  }

  /** What is known of a file, if that still holds. */
  find(path: string): SeenFile | undefined {
    const known = this.#known.get(path);
    return known !== undefined && known.stamp === stampOf(path) ? known : undefined;
  }

  /** @param ours  this run made the file, so its digest is known without reading it */
  remember(file: SeenFile, ours = false): void {
    const changedAt = Number(file.stamp.split(" ")[2]) / 1e6;
    if (!ours && Date.now() - changedAt < SETTLED_MS) return;
    this.#known.set(file.path, file);
    this.#dirty = true;
  }

  save(): void {
    if (!this.#dirty) return;
    const files = [...this.#known.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    writeWhole(this.#path, `${JSON.stringify({ files }, null, 1)}\n`, "stat");
    this.#dirty = false;
  }
}
