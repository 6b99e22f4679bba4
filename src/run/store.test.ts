import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Leases } from "./lease.js";
import { type Action, Store, sha256 } from "./store.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tiepoint-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const casPath = (digest: string) => join(folder, "cas", digest.slice(0, 2), digest);
const action = (key: string, outputs: Action["outputs"]): Action => ({
  format: "tiepoint/action",
  version: 1,
  key,
  plugin: "measure/x",
  pluginVersion: "1",
  params: {},
  seed: 1,
  inputs: {},
  outputs,
  metrics: {},
  notes: [],
});

test("bytes come back by their digest, and leave no temporary file", () => {
  const store = new Store(folder);
  const { digest, bytes } = store.put("hello");
  expect(digest).toBe(sha256("hello"));
  expect(bytes).toBe(5);
  expect(store.get(digest)?.toString()).toBe("hello");
  expect(readdirSync(join(folder, "cas", digest.slice(0, 2)))).toEqual([digest]);
});

test("pieces give the same digest as the whole", async () => {
  const store = new Store(folder);
  async function* pieces() {
    yield Buffer.from("hel");
    yield Buffer.from("lo");
  }
  expect(await store.putPieces(pieces())).toEqual(store.put("hello"));
  expect(readdirSync(join(folder, "cas")).filter((name) => name.startsWith("."))).toEqual([]);
});

test.each([
  ["flipped", (path: string) => writeFileSync(path, "hellO")],
  ["cut", (path: string) => truncateSync(path, 3)],
  ["deleted", (path: string) => rmSync(path)],
])("bytes that were %s are not given out", (_, damage) => {
  const store = new Store(folder);
  const { digest } = store.put("hello");
  damage(casPath(digest));
  expect(store.get(digest)).toBeUndefined();
  expect(existsSync(casPath(digest))).toBe(false);
  store.put("hello");
  expect(store.get(digest)?.toString()).toBe("hello");
});

test("an action is whole only while all that it stored is there in its size", () => {
  const store = new Store(folder);
  const stored = store.put("hello");
  const one = action("k", [{ port: "matches", type: "matches", ...stored }]);
  store.putAction(one);
  expect(store.action("k")).toEqual(one);
  expect(store.isWhole(one)).toBe(true);
  writeFileSync(casPath(stored.digest), "hellO");
  expect(store.isWhole(one)).toBe(true);
  expect(store.isWhole(one, true)).toBe(false);
  expect(store.isWhole(one)).toBe(false);
});

test("an action with one changed digit counts as none", () => {
  const store = new Store(folder);
  store.putAction({ ...action("k", []), seed: 12 });
  const path = join(folder, "actions", "k.json");
  writeFileSync(path, readFileSync(path, "utf8").replace('"seed": 12', '"seed": 13'));
  expect(store.action("k")).toBeUndefined();
});

test.each(["", "{", '{"format":"tiepoint/action","version":1,"key":"other","outputs":[]}', "\0\0\0"])(
  "a damaged action counts as none (%j)",
  (text) => {
    const store = new Store(folder);
    mkdirSync(join(folder, "actions"));
    writeFileSync(join(folder, "actions", "k.json"), text);
    expect(store.action("k")).toBeUndefined();
    expect(readdirSync(join(folder, "quarantine"))).toEqual(["k"]);
  },
);

test("a layer below is read, never written", () => {
  const lower = new Store(join(folder, "lower"));
  const { digest } = lower.put("below");
  lower.putAction(action("k", []));
  const upper = new Store(join(folder, "upper"), [join(folder, "lower")]);
  expect(upper.get(digest)?.toString()).toBe("below");
  upper.forget("k");
  expect(upper.action("k")).toBeDefined();
  upper.put("above");
  expect(existsSync(join(folder, "lower", "cas", sha256("above").slice(0, 2), sha256("above")))).toBe(false);
});

test("sweeping removes what dead processes left, and nothing else", () => {
  const store = new Store(folder);
  const { digest } = store.put("hello");
  const dead = 2 ** 22 - 1;
  writeFileSync(join(folder, "cas", digest.slice(0, 2), `.tiepoint-${dead}-abc-x`), "");
  writeFileSync(join(folder, "cas", digest.slice(0, 2), `.tiepoint-${process.pid}-abc-x`), "");
  mkdirSync(join(folder, `scratch-${dead}-1`));
  expect(store.sweep()).toBe(2);
  expect(store.sweep(true)).toBe(1);
  expect(store.get(digest)).toBeDefined();
});

test("one of two runs takes a key, and the other one gets it when it is released", () => {
  const [a, b] = [new Leases(folder), new Leases(folder)];
  expect(a.take("k")).toBe(true);
  expect(b.take("k")).toBe(false);
  a.release("k");
  expect(b.take("k")).toBe(true);
  a.close();
  b.close();
  expect(readdirSync(join(folder, "leases"))).toEqual([]);
});

test("the lease of a dead process is taken over at once", () => {
  const a = new Leases(folder);
  a.take("k");
  const path = join(folder, "leases", "k");
  const lease = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...lease, pid: 2 ** 22 - 1 }));
  const b = new Leases(folder);
  expect(b.take("k")).toBe(true);
  b.close();
});
