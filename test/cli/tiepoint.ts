import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach } from "vitest";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const binary = join(root, "bin", "tiepoint.js");

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A fresh folder for each test, with the real command run in it. */
export function workshop() {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tiepoint-cli-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  return {
    path,
    get folder() {
      return folder;
    },
    write(name: string, text: string | Uint8Array): void {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), text);
    },
    read: (name: string) => readFileSync(path(name), "utf8"),
    json: (name: string) => JSON.parse(readFileSync(path(name), "utf8")),
    has: (name: string) => existsSync(path(name)),
    /** Runs `tiepoint` with these arguments. Progress is plain, colours are off. */
    tiepoint(...args: string[]): Outcome {
      const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", CI: "1" };
      delete env.TIEPOINT_STORE;
      delete env.TIEPOINT_PROGRESS;
      delete env.FORCE_COLOR;
      const done = spawnSync(process.execPath, [binary, ...args], { cwd: folder, env, encoding: "utf8" });
      return { status: done.status, stdout: done.stdout, stderr: done.stderr };
    },
  };
}

/** A netpbm picture of random blocks, shifted by whole pixels: small, without any library, and rich in corners. */
export function blocks(width: number, height: number, seed: number, dx = 0, dy = 0): Uint8Array {
  const head = Buffer.from(`P5\n${width} ${height}\n255\n`);
  const data = Buffer.alloc(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let h =
        Math.imul(((x - dx) >> 3) + 1, 0x9e3779b1) ^
        Math.imul(((y - dy) >> 3) + 1, 0x85ebca6b) ^
        Math.imul(seed, 0xc2b2ae35);
      h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
      data[y * width + x] = (h >>> 16) & 255;
    }
  }
  return Buffer.concat([head, data]);
}
