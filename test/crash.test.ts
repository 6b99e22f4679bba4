import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { seededRandom } from "../src/core/random.js";
import { writeCampaignInputs } from "./support/fake-plan.mjs";

const script = fileURLToPath(new URL("./support/run-fake.mjs", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly exit?: number;
  readonly computed?: number;
  readonly notes?: readonly { readonly code: string; readonly message: string }[];
}

interface Child {
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  readonly busy: Promise<void>;
}

function start(folder: string, which: string, env: Record<string, string> = {}, jobs = 2): Child {
  const child = spawn(process.execPath, [script, folder, which, String(jobs)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  let isBusy = () => {};
  const busy = new Promise<void>((resolve) => {
    isBusy = resolve;
  });
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    if (text.includes("busy")) isBusy();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code, signal) => {
      const json = text.split("\n").find((line) => line.startsWith("{"));
      resolve({ code, signal, ...(json ? (JSON.parse(json) as object) : {}) });
    });
  });
  return { ended, busy, kill: (signal) => child.kill(signal) };
}

const run = (folder: string, which: string, env: Record<string, string> = {}, jobs = 2) =>
  start(folder, which, env, jobs).ended;

function tree(folder: string, filter: RegExp): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => filter.test(path));
  return new Map(files.map((path) => [path.slice(folder.length), readFileSync(path, "latin1")] as const).sort());
}
const results = (folder: string) => tree(folder, /[\\/](out|cas|actions)[\\/]/);
const leftovers = (folder: string) => [...tree(folder, /[\\/]\.tiepoint-\d|[\\/]leases[\\/]|quarantine/).keys()];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tiepoint-crash-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a process killed on the way to disk", () => {
  let golden: ReadonlyMap<string, string>;
  let goldenFolder: string;
  const pair = (into: string) => {
    writeFileSync(join(into, "fixed.txt"), "10");
    writeFileSync(join(into, "moving.txt"), "17");
  };
  beforeAll(async () => {
    goldenFolder = mkdtempSync(join(tmpdir(), "tiepoint-golden-"));
    pair(goldenFolder);
    await run(goldenFolder, "pair");
    golden = results(goldenFolder);
  });
  afterAll(() => rmSync(goldenFolder, { recursive: true, force: true }));

  const operations = ["write", "fsync", "rename", "fsync-folder", "done"];
  const points = ["store", "action", "output"].flatMap((what) => operations.map((op) => `${what}.${op}`));
  points.push("stat.write", "stat.rename");
  const cases = points.flatMap((point) =>
    point.endsWith(".write") ? [`${point}:1:kill`, `${point}:1:torn`] : [`${point}:1:kill`],
  );

  // The writer itself fills an output's temporary file, so the engine has no failpoint there.
  test.each(cases.filter((name) => !name.startsWith("output.write")))(
    "leaves nothing half done at %s",
    async (fail) => {
      pair(folder);
      // Times must have settled for the stat cache to be written at all.
      if (fail.startsWith("stat")) await new Promise((resolve) => setTimeout(resolve, 2100));
      const killed = await run(folder, "pair", { TIEPOINT_FAIL: fail });
      expect(killed.signal).toBe("SIGKILL");
      const again = await run(folder, "pair");
      expect(again).toMatchObject({ code: 0, exit: 0 });
      expect(results(folder)).toEqual(golden);
      expect(leftovers(folder)).toEqual([]);
    },
  );

  test.each(["store.write:1:ENOSPC", "action.rename:2:ENOSPC", "output.rename:1:ENOSPC", "store.fsync:1:EIO"])(
    "ends with 5 and says what to do when the disk fails (%s), and goes on when it works again",
    async (fail) => {
      pair(folder);
      const failed = await run(folder, "pair", { TIEPOINT_FAIL: fail });
      expect(failed.exit).toBe(5);
      expect(failed.notes?.some((note) => /^disk-(full|error)$/.test(note.code))).toBe(true);
      expect(leftovers(folder)).toEqual([]);
      expect((await run(folder, "pair")).exit).toBe(0);
      expect(results(folder)).toEqual(golden);
    },
  );
});

describe("an output that is a folder", () => {
  const write = (into: string, value: number) => writeFileSync(join(into, "fixed.txt"), String(value));
  const out = (into: string) => tree(into, /[\\/]out[\\/]/);
  let first: ReadonlyMap<string, string>;
  let second: ReadonlyMap<string, string>;
  beforeAll(async () => {
    const golden = mkdtempSync(join(tmpdir(), "tiepoint-golden-"));
    write(golden, 10);
    expect(await run(golden, "folder")).toMatchObject({ exit: 0, computed: 2 });
    first = out(golden);
    write(golden, 20);
    await run(golden, "folder");
    second = out(golden);
    rmSync(golden, { recursive: true, force: true });
  });

  test("is known by its contents: what is as it was is not written again, what was changed is", async () => {
    write(folder, 10);
    await run(folder, "folder");
    expect([...first.keys()].length).toBe(5);
    expect(out(folder)).toEqual(first);
    expect((await run(folder, "folder")).computed).toBe(0);
    writeFileSync(join(folder, "out/image.zarr/rows/2"), "changed");
    expect((await run(folder, "folder")).computed).toBe(1);
    expect(out(folder)).toEqual(first);
    rmSync(join(folder, "out/image.zarr/rows/1"));
    expect((await run(folder, "folder")).computed).toBe(1);
    expect(out(folder)).toEqual(first);
  });

  test.each(["fsync", "rename", "rename-new", "fsync-folder", "done"])(
    "is whole or not there when the process is killed at output.%s, new or in place of another",
    async (operation) => {
      const fail = { TIEPOINT_FAIL: `output.${operation}:1:kill` };
      write(folder, 10);
      expect((await run(folder, "folder", fail)).signal).toBe("SIGKILL");
      const moved = (after: readonly string[]) => after.includes(operation);
      const seen = () => new Map([...out(folder)].filter(([name]) => !name.includes(".tiepoint-")));
      expect(seen()).toEqual(moved(["fsync-folder", "done"]) ? first : new Map());
      await run(folder, "folder");
      expect(out(folder)).toEqual(first);
      write(folder, 20);
      expect((await run(folder, "folder", fail)).signal).toBe("SIGKILL");
      expect(seen()).toEqual(moved(["fsync", "rename"]) ? first : moved(["rename-new"]) ? new Map() : second);
      expect(await run(folder, "folder")).toMatchObject({ code: 0, exit: 0 });
      expect(out(folder)).toEqual(second);
      expect(leftovers(folder)).toEqual([]);
    },
  );

  test("puts back what was there when the disk fails in between", async () => {
    write(folder, 10);
    await run(folder, "folder");
    write(folder, 20);
    expect((await run(folder, "folder", { TIEPOINT_FAIL: "output.rename-new:1:EIO" })).exit).toBe(5);
    expect(out(folder)).toEqual(first);
    expect(leftovers(folder)).toEqual([]);
  });

  test("never takes the place of a folder of something else", async () => {
    write(folder, 10);
    mkdirSync(join(folder, "out/image.zarr"), { recursive: true });
    writeFileSync(join(folder, "out/image.zarr/letters.txt"), "dear");
    const refused = await run(folder, "folder");
    expect(refused.exit).not.toBe(0);
    expect(refused.notes?.map((note) => note.code)).toContain("output-not-replaced");
    expect([...out(folder).values()]).toEqual(["dear"]);
  });
});

describe("a run of 60 tasks", () => {
  test("killed ten times at random moments (seed 1) ends with the same bytes", async () => {
    const whole = join(folder, "whole");
    writeCampaignInputs(whole);
    const started = performance.now();
    expect((await run(whole, "campaign")).computed).toBe(60);
    const milliseconds = performance.now() - started;
    const random = seededRandom(1);
    const kept = join(folder, "kept");
    writeCampaignInputs(kept);
    for (let i = 0; i < 10; i++) {
      const child = start(kept, "campaign");
      await new Promise((resolve) => setTimeout(resolve, random() * milliseconds));
      child.kill("SIGKILL");
      await child.ended;
    }
    expect(await run(kept, "campaign")).toMatchObject({ code: 0, exit: 0 });
    expect(results(kept)).toEqual(results(whole));
    expect(leftovers(kept)).toEqual([]);
    expect((await run(kept, "campaign")).computed).toBe(0);
  });

  test("started four times at once on one store computes hardly anything twice", async () => {
    const alone = join(folder, "alone");
    writeCampaignInputs(alone);
    await run(alone, "campaign");
    const shared = join(folder, "shared");
    writeCampaignInputs(shared);
    const log = join(folder, "log");
    const runs = await Promise.all([1, 2, 3, 4].map(() => run(shared, "campaign", { FAKE_LOG: log })));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(results(shared)).toEqual(results(alone));
    expect(leftovers(shared)).toEqual([]);
    // Outputs may be written by each of the four, but nothing else is done by two.
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines.filter((line) => line === "estimate")).toHaveLength(8);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("stopped by %s says so, and leaves nothing behind", async (signal) => {
    writeFileSync(join(folder, "fixed.txt"), "10");
    writeFileSync(join(folder, "moving.txt"), "17");
    const child = start(folder, "slow");
    await child.busy;
    child.kill(signal);
    const ended = await child.ended;
    expect(ended).toMatchObject({ code: signal === "SIGINT" ? 130 : 143, signal: null });
    expect(ended.notes?.[0]?.code).toBe("interrupted");
    expect(leftovers(folder)).toEqual([]);
  });
});
