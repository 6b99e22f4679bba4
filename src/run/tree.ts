import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { DiagnosticError, problem } from "../core/diagnostic.js";
import { flushFolder, guarded, namesIn, tempBeside } from "./disk.js";
import { failpoint } from "./failpoint.js";

/**
 * Folders as outputs, such as OME-Zarr: whole or not there at all.
 *
 * A folder's digest is that of a list of its files: digest, size and place of each, in the order of their places.
 */

/** True where there is a folder. */
export const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

interface TreeFile {
  readonly path: string;
  /** Place in the folder, with `/` on every system. */
  readonly name: string;
}

/** All files under a folder, in the order of their places. */
export function filesUnder(folder: string): readonly TreeFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: relative(folder, path).split(sep).join("/") }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * When anything in a folder was last seen to change, as text: equal stamps mean unchanged bytes.
 *
 * Like that of a file, its third word is when it changed last, in nanoseconds.
 */
export function treeStamp(folder: string): string | undefined {
  try {
    const hash = createHash("sha256");
    let [bytes, changed] = [0n, 0n];
    const files = filesUnder(folder);
    for (const { path, name } of files) {
      const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
      hash.update(`${size} ${mtimeNs} ${ctimeNs} ${ino} ${name}\n`);
      bytes += size;
      if (ctimeNs > changed) changed = ctimeNs;
    }
    return `${bytes} ${files.length} ${changed} ${hash.digest("hex")}`;
  } catch {
    return undefined; // it went while we looked
  }
}

/** The digest of a folder. @param digest  takes that of one file, with its size */
export function treeDigest(
  folder: string,
  digest: (path: string) => { readonly sha256: string; readonly bytes: number },
): { readonly sha256: string; readonly bytes: number } {
  const hash = createHash("sha256");
  let total = 0;
  for (const { path, name } of filesUnder(folder)) {
    const { sha256, bytes } = digest(path);
    hash.update(`${sha256} ${bytes} ${name}\n`);
    total += bytes;
  }
  return { sha256: hash.digest("hex"), bytes: total };
}

/**
 * Flushes a finished temporary folder and gives it its name. What was there before is moved aside first, and removed when the
 * new one is in place: between the two renames there is neither, and never a mixture.
 *
 * @throws DiagnosticError `output-not-replaced` where something else than an earlier result stands at the place
 */
export function moveFolderIntoPlace(temp: string, path: string, what: string): void {
  guarded(path, () => {
    failpoint(`${what}.fsync`);
    flushTree(temp);
    refuseStrangers(temp, path);
    failpoint(`${what}.rename`);
    const aside = tempBeside(path);
    const before = statSync(path, { throwIfNoEntry: false });
    if (before) renameSync(path, aside);
    try {
      failpoint(`${what}.rename-new`);
      renameSync(temp, path);
    } catch (error) {
      if (before) renameSync(aside, path);
      throw error;
    }
    failpoint(`${what}.fsync-folder`);
    flushFolder(dirname(path));
    rmSync(aside, { force: true, recursive: true });
    failpoint(`${what}.done`);
  });
}

/** A folder of something else must not go because it has the name of an output. */
function refuseStrangers(temp: string, path: string): void {
  const there = namesIn(path);
  const ours = new Set(namesIn(temp));
  if (there.length === 0 || there.some((name) => ours.has(name))) return;
  throw new DiagnosticError(
    problem(
      "output-not-replaced",
      `${path} is a folder of something else: nothing in it is called ${[...ours].slice(0, 3).join(" or ")}`,
      "Give the output another name, or move the folder away.",
    ),
  );
}

function flushTree(folder: string): void {
  const folders = new Set([folder]);
  for (const { path } of filesUnder(folder)) {
    const fd = openSync(path, "r+");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    folders.add(dirname(path));
  }
  for (const one of folders) flushFolder(one);
}
