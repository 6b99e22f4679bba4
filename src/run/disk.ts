import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DiagnosticError, problem } from "../core/diagnostic.js";
import { die, failpoint } from "./failpoint.js";

/**
 * The door between a run and the disk: whole files or none.
 *
 * A file is written under a temporary name in its own folder, flushed, renamed into place, and the folder is flushed. A process
 * that dies on the way leaves a temporary file, which says in its name which process may still need it.
 */
const TEMP = /^\.tiepoint-(\d+)-[0-9a-z]+-/;
let serial = 0;

/** A temporary name beside `path`; it ends like `path`, because writers choose the format by the extension. */
export function tempBeside(path: string): string {
  const unique = `${process.hrtime.bigint().toString(36)}${(serial++).toString(36)}`;
  return join(dirname(path), `.tiepoint-${process.pid}-${unique}-${basename(path)}`);
}

/**
 * Makes a folder and those above it that are missing.
 *
 * One at a time: Node's own recursive mkdir never returns where a parent exists but takes no folders, as below /proc.
 */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder);
    } catch (error) {
      // Another run may have made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/**
 * Writes bytes under a temporary name and moves them to `path`.
 *
 * @param what  names the failpoints
 * @param durable  false for what costs little to lose and shows when it is damaged: after a power failure it may be gone or torn
 */
export function writeWhole(path: string, bytes: Uint8Array | string, what: string, durable = true): void {
  const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  const temp = tempBeside(path);
  guarded(path, () => {
    makeFolder(dirname(path));
    try {
      const torn = failpoint(`${what}.write`);
      const fd = openSync(temp, "wx");
      try {
        writeAll(fd, torn ? data.subarray(0, data.length >> 1) : data);
        if (torn) die();
      } finally {
        closeSync(fd);
      }
      moveIntoPlace(temp, path, what, durable);
    } catch (error) {
      rmSync(temp, { force: true });
      throw error;
    }
  });
}

/** Flushes a finished temporary file and gives it its name. */
export function moveIntoPlace(temp: string, path: string, what: string, durable = true): void {
  guarded(path, () => {
    failpoint(`${what}.fsync`);
    if (durable) flush(temp);
    failpoint(`${what}.rename`);
    renameSync(temp, path);
    failpoint(`${what}.fsync-folder`);
    if (durable) flushFolder(dirname(path));
    failpoint(`${what}.done`);
  });
}

/** Writes all of `data`, however little the system takes at a time. */
export function writeAll(fd: number, data: Uint8Array): void {
  for (let at = 0; at < data.length; ) at += writeSync(fd, data, at, data.length - at);
}

/** The bytes of a file, or `undefined` where there is none. */
export function readWhole(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, path);
  }
}

/** Size in bytes, or `undefined` where there is no such file. */
export function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** Removes temporary files in a folder whose process is gone, and those of this process when `mine`. */
export function sweep(folder: string, mine = false): number {
  let removed = 0;
  for (const name of namesIn(folder)) {
    const owner = Number(TEMP.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(owner) || (owner === process.pid ? !mine : isAlive(owner))) continue;
    rmSync(join(folder, name), { force: true, recursive: true });
    removed++;
  }
  return removed;
}

export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

export const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes((error as { code?: string } | undefined)?.code ?? "");

/** Codes of diagnostics that blame the machine and not the pipeline: a run that ends with one exits with 5. */
export const environmentCodes: ReadonlySet<string> = new Set(["disk-full", "disk-error"]);

/** Tells a failed disk operation so that the reader can act; anything else passes unchanged. */
export function diskError(error: unknown, path: string): unknown {
  const code = (error as { code?: string } | undefined)?.code;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new DiagnosticError(
        problem(
          "disk-full",
          `The disk is full: ${path} could not be written (${code})`,
          "Free some space, or put the store elsewhere with TIEPOINT_STORE, and run again: what is done stays done.",
        ),
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "EIO":
    case "EMFILE":
    case "ENFILE":
    case "ENOENT":
    case "ENOTDIR":
    case "EISDIR":
    case "ENAMETOOLONG":
      return new DiagnosticError(
        problem(
          "disk-error",
          `${path} could not be written or read (${code})`,
          "Check that the folder exists and may be written (TIEPOINT_STORE puts the store elsewhere), and run again: what is done stays done.",
        ),
      );
    default:
      return error;
  }
}

export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskError(error, path);
  }
}

function flush(path: string): void {
  const fd = openSync(path, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export function flushFolder(path: string): void {
  // Windows has no handle for a folder; its renames are durable by themselves.
  if (process.platform === "win32") return;
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
