import { createHash } from "node:crypto";
import { closeSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Diagnostic } from "../core/diagnostic.js";
import type { ValueSummary } from "../core/record.js";
import type { Metrics, Verdict } from "../core/verdict.js";
import {
  guarded,
  isAlive,
  makeFolder,
  moveIntoPlace,
  namesIn,
  readWhole,
  sizeOf,
  sweep,
  tempBeside,
  writeAll,
  writeWhole,
} from "./disk.js";
import { die, failpoint } from "./failpoint.js";
import { treeStamp } from "./tree.js";
import type { PortRef } from "./value.js";

/** What feeds an input port: an output of another action, a file by the digest of its bytes, or a list of outputs by item id. */
export type InputRef =
  | PortRef
  | { readonly sha256: string; readonly bytes: number }
  | { readonly items: readonly (readonly [id: string, ref: PortRef])[] };

/** A stored output. A lazy image has no bytes of its own, unless its pixels were kept. */
export interface StoredOutput extends ValueSummary {
  readonly list?: true;
  /** Kept pixels: the file with all of them, or the list of their blocks (src/run/kept-blocks.ts). */
  readonly pixels?: KeptPixels;
}

export interface KeptPixels {
  readonly digest: string;
  readonly bytes: number;
  /** Bytes of each block, where the file is the list of their digests. */
  readonly blocks?: number;
}

/**
 * That something was done, and what came out: written last, when all that it speaks of is on disk.
 *
 * It holds neither time nor place, so it is the same whoever writes it. It is also the recipe of its images.
 */
export interface Action {
  readonly format: "tiepoint/action";
  readonly version: 1;
  readonly key: string;
  readonly plugin: string;
  readonly pluginVersion: string;
  readonly summary?: string;
  readonly cite?: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly inputs: Readonly<Record<string, InputRef>>;
  readonly outputs: readonly StoredOutput[];
  readonly metrics: Metrics;
  readonly verdict?: Verdict;
  readonly notes: readonly Diagnostic[];
}

/** Stored bytes that are not what their name says, or are gone: the action that gave them must run again. */
export class MissingValueError extends Error {
  constructor(
    readonly key: string,
    what: string,
  ) {
    super(`${what} of action ${key} is missing or damaged`);
    this.name = "MissingValueError";
  }
}

/**
 * Values by digest and actions by key, below one folder: `cas/ab/<sha256>`, `actions/<key>.json`, `blocks/ab/<key>` (digests
 * of parts of images), `leases/`, `quarantine/`.
 *
 * Any number of processes may use one store at a time: files appear whole, a name stands for its content, and who comes second
 * finds the work done. `layers` are further stores that are read and never written.
 */
export class Store {
  constructor(
    readonly folder: string,
    readonly layers: readonly string[] = [],
  ) {}

  /** Stores bytes and returns their digest. Bytes that are there already are not written again. */
  put(bytes: Uint8Array | string): { readonly digest: string; readonly bytes: number } {
    const data = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    const digest = sha256(data);
    const path = casPath(this.folder, digest);
    if (sizeOf(path) !== data.length) writeWhole(path, data, "store");
    return { digest, bytes: data.length };
  }

  /** Stores bytes that come piece by piece. */
  async putPieces(pieces: AsyncIterable<Uint8Array>): Promise<{ readonly digest: string; readonly bytes: number }> {
    const hash = createHash("sha256");
    const temp = tempBeside(join(this.folder, "cas", "pixels"));
    let bytes = 0;
    makeFolder(dirname(temp));
    try {
      const fd = guarded(temp, () => openSync(temp, "wx"));
      try {
        for await (const piece of pieces) {
          hash.update(piece);
          guarded(temp, () => {
            const torn = failpoint("pixels.write");
            writeAll(fd, torn ? piece.subarray(0, piece.length >> 1) : piece);
            if (torn) die();
          });
          bytes += piece.length;
        }
      } finally {
        closeSync(fd);
      }
      const digest = hash.digest("hex");
      const path = casPath(this.folder, digest);
      makeFolder(dirname(path));
      moveIntoPlace(temp, path, "store");
      return { digest, bytes };
    } finally {
      rmSync(temp, { force: true });
    }
  }

  /** The bytes of a digest, checked; `undefined` where they are gone. Damaged bytes go to quarantine. */
  get(digest: string): Buffer | undefined {
    for (const folder of [this.folder, ...this.layers]) {
      const bytes = readWhole(casPath(folder, digest));
      if (!bytes) continue;
      if (sha256(bytes) === digest) return bytes;
      this.#quarantine(folder, casPath(folder, digest), digest);
    }
    return undefined;
  }

  /** Path of a digest's bytes, for whoever reads them in parts; `undefined` where they are gone or have another size. */
  pathOf(digest: string, bytes: number): string | undefined {
    for (const folder of [this.folder, ...this.layers]) {
      const path = casPath(folder, digest);
      const size = sizeOf(path);
      if (size === bytes) return path;
      if (size !== undefined) this.#quarantine(folder, path, digest);
    }
    return undefined;
  }

  /** An action that only says how an image would be made is not flushed: it costs nothing to say again, and its check tells damage. */
  putAction(action: Action): void {
    const text = JSON.stringify({ ...action, check: checkOf(action) }, null, 1);
    const holds = action.outputs.length === 0 || action.outputs.some((o) => o.type !== "image" || o.pixels);
    writeWhole(actionPath(this.folder, action.key), `${text}\n`, "action", holds);
  }

  /** The action of a key; `undefined` where there is none that can be read. */
  action(key: string): Action | undefined {
    for (const folder of [this.folder, ...this.layers]) {
      const bytes = readWhole(actionPath(folder, key));
      if (!bytes) continue;
      const action = parseAction(bytes, key);
      if (action) return action;
      this.#quarantine(folder, actionPath(folder, key), key);
    }
    return undefined;
  }

  hasAction(key: string): boolean {
    return [this.folder, ...this.layers].some((folder) => sizeOf(actionPath(folder, key)) !== undefined);
  }

  /** Whether everything that an action stored is there in its size; with `deep`, also in its content. */
  isWhole(action: Action, deep = false): boolean {
    const stored = action.outputs.flatMap((output) => [
      ...(output.type === "image" || output.type === "file"
        ? []
        : [{ digest: output.digest, bytes: output.bytes ?? 0 }]),
      ...(output.pixels ? [output.pixels] : []),
    ]);
    const isThere = (digest: string, bytes: number) =>
      deep ? this.get(digest) !== undefined : this.pathOf(digest, bytes) !== undefined;
    if (!stored.every(({ digest, bytes }) => isThere(digest, bytes))) return false;
    return action.outputs.every(({ pixels }) => {
      const { blocks } = pixels ?? {};
      return blocks === undefined || this.blocksOf(pixels!)?.every((digest) => isThere(digest, blocks));
    });
  }

  /** Digests of the blocks of kept pixels, in their order; `undefined` where the list is gone. */
  blocksOf({ digest }: KeptPixels): readonly string[] | undefined {
    return (
      this.get(digest)
        ?.toString("latin1")
        .match(/[0-9a-f]{64}/g) ?? undefined
    );
  }

  /** Digest of a block of pixels that was stored under this key, if its bytes are there. */
  block(key: string, bytes: number): string | undefined {
    for (const folder of [this.folder, ...this.layers]) {
      const digest = readWhole(blockPath(folder, key))?.toString("latin1").trim();
      if (digest && /^[0-9a-f]{64}$/.test(digest) && this.pathOf(digest, bytes)) return digest;
    }
    return undefined;
  }

  /** Stores a block of pixels under a key: first the bytes, then the key that speaks of them. */
  putBlock(key: string, bytes: Uint8Array): string {
    const { digest } = this.put(bytes);
    writeWhole(blockPath(this.folder, key), `${digest}\n`, "block");
    return digest;
  }

  /** Forgets an action, so that it runs again. */
  forget(key: string): void {
    const path = actionPath(this.folder, key);
    if (sizeOf(path) !== undefined) this.#quarantine(this.folder, path, key);
  }

  /** Removes what processes that are gone left half-done. @returns how many files */
  sweep(mine = false): number {
    const cas = join(this.folder, "cas");
    const blocks = join(this.folder, "blocks");
    const split = [cas, blocks].flatMap((area) => namesIn(area).map((name) => join(area, name)));
    const folders = [cas, ...split, join(this.folder, "actions"), this.folder];
    let removed = folders.reduce((count, folder) => count + sweep(folder, mine), 0);
    for (const name of namesIn(this.folder)) {
      const owner = /^scratch-(\d+)-/.exec(name)?.[1];
      if (owner === undefined || isAlive(Number(owner))) continue;
      rmSync(join(this.folder, name), { recursive: true, force: true });
      removed++;
    }
    return removed;
  }

  #quarantine(folder: string, path: string, name: string): void {
    // A store that is only read is left as it is: the damaged entry does not count, and that is enough.
    if (folder !== this.folder) return;
    const to = join(folder, "quarantine", name);
    try {
      makeFolder(dirname(to));
      renameSync(path, to);
    } catch {
      // Another process was faster, or the disk refuses: the entry does not count either way.
    }
  }
}

const casPath = (folder: string, digest: string): string => join(folder, "cas", digest.slice(0, 2), digest);
const blockPath = (folder: string, key: string): string => join(folder, "blocks", key.slice(0, 2), key);
const actionPath = (folder: string, key: string): string => join(folder, "actions", `${key}.json`);

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** A flipped bit in a record would go unseen where it falls into a number or a text. */
const checkOf = (action: Action): string => sha256(JSON.stringify(action));

function parseAction(bytes: Buffer, key: string): Action | undefined {
  try {
    const { check, ...action } = JSON.parse(bytes.toString()) as Action & { readonly check: string };
    if (check !== checkOf(action)) return undefined;
    const isRight = action.format === "tiepoint/action" && action.version === 1 && action.key === key;
    return isRight && Array.isArray(action.outputs) ? action : undefined;
  } catch {
    return undefined;
  }
}

/** When a file, or a folder with all in it, was last seen to change, as text: equal stamps mean unchanged bytes. */
export function stampOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat?.isDirectory()) return treeStamp(path);
  return stat?.isFile() ? `${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.ino}` : undefined;
}
