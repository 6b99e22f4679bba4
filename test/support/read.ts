import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Image } from "../../src/core/image.js";
import type { AnyPlugin, Context, FileRef } from "../../src/core/plugin.js";

/** A context for tests: no progress, a fixed "random" number. */
export const testContext = (memory = 1e9, more: Partial<Context> = {}): Context => ({
  signal: new AbortController().signal,
  random: () => 0.5,
  memory,
  progress: () => {},
  ...more,
});

/** A folder that goes when the tests of the file are over. */
export function temporaryFolder(): {
  readonly path: (name: string) => string;
  readonly put: (name: string, bytes: Uint8Array) => FileRef;
} {
  const folder = mkdtempSync(join(tmpdir(), "tiepoint-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  return {
    path,
    put(name, bytes) {
      writeFileSync(path(name), bytes);
      return fileRef(path(name), bytes);
    },
  };
}

export const fileRef = (path: string, bytes: Uint8Array): FileRef => ({
  path,
  sha256: createHash("sha256").update(bytes).digest("hex"),
  bytes: bytes.length,
});

/** Runs a reader, with the parameters that are common to all at their defaults. */
export const runReader = (reader: AnyPlugin, file: FileRef, params: object = {}, memory?: number) =>
  reader.run(
    { file, sameGridAs: undefined },
    {
      kind: "intensity",
      channel: undefined,
      page: undefined,
      pages: "first",
      pixelSize: undefined,
      nodata: undefined,
      ...params,
    },
    testContext(memory),
  );

export async function openWith(reader: AnyPlugin, file: FileRef, params: object = {}, memory?: number): Promise<Image> {
  const outcome = await runReader(reader, file, params, memory);
  if (!outcome.ok) throw new Error(`${outcome.diagnostics[0]!.code}: ${outcome.diagnostics[0]!.message}`);
  return outcome.value.image as Image;
}

/** Code of the failure to open a file; `undefined` when it opens. */
export async function openingCode(
  reader: AnyPlugin,
  file: FileRef,
  params: object = {},
  memory?: number,
): Promise<string | undefined> {
  const outcome = await runReader(reader, file, params, memory);
  return outcome.ok ? undefined : outcome.diagnostics[0]!.code;
}

export const readWhole = async (image: Image): Promise<number[]> =>
  Array.from((await image.read({ x: 0, y: 0, width: image.grid.width, height: image.grid.height })).data);
