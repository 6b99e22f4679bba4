import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Context, type FileRef, seededRandom } from "tiepoint/plugin";
import { afterAll, beforeAll } from "vitest";

/** A folder that lives as long as the tests of a file; for `read` and `write` plugins. */
export function temporaryFolder() {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tiepoint-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    path: (name: string) => join(folder, name),
    put(name: string, content: string | Uint8Array): FileRef {
      const path = join(folder, name);
      writeFileSync(path, content);
      const bytes = readFileSync(path);
      return { path, sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
    },
    text: (name: string) => readFileSync(join(folder, name), "utf8"),
    /** A context whose target, for writers, is the file of that name. */
    context: (target?: string, more: Partial<Context> = {}): Context => ({
      signal: new AbortController().signal,
      random: seededRandom(1),
      memory: 1e9,
      progress: () => {},
      ...(target === undefined ? {} : { target: join(folder, target) }),
      ...more,
    }),
  };
}
