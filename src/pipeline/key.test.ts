import { describe, expect, test } from "vitest";
import { load } from "../../test/support/load.js";
import { canonicalJson, inputKeysOf, taskKey } from "./key.js";

const pipeline = (ratio: string, file = "a.tif", extra = "") => `tiepoint: 1
inputs: { fixed: ${file}, moving: b.tif }
steps:
  m: { use: match/sift, fixed: fixed, moving: moving${ratio} }
  t: { use: estimate/affine, matches: m${extra} }
`;

async function keysOf(text: string, digests: Readonly<Record<string, string>> = {}, env = {}): Promise<string[]> {
  const loaded = await load(text);
  if (!loaded.ok) throw new Error(loaded.diagnostics[0]!.message);
  const keys: string[] = [];
  for (const task of loaded.value.tasks) {
    const files = task.files ? { file: digests[task.id] ?? "d" } : {};
    keys.push(taskKey(task, inputKeysOf(task, keys), files, env));
  }
  return keys;
}

describe("the key of a task", () => {
  test("is the same for the same work, however it is written", async () => {
    const one = await keysOf(pipeline(""));
    expect(await keysOf(pipeline(", ratio: 0.8"))).toEqual(one); // the default, written out
    expect(await keysOf(pipeline("", "elsewhere/x.tif"))).toEqual(one); // paths do not count, bytes do
    expect(await keysOf(pipeline("", "a.tif", ', require: { inliers: ">= 3" }, on-fail: warn, keep: true'))).toEqual(
      one,
    );
    for (const key of one) expect(key).toMatch(/^[0-9a-f]{64}$/);
  });

  test("changes with parameters, seed, bytes and environment, and so do all after it", async () => {
    const one = await keysOf(pipeline(""));
    const other = await keysOf(pipeline(", ratio: 0.7"));
    expect(other.map((k, i) => k === one[i])).toEqual([true, true, false, false]);
    const seeded = await keysOf(pipeline(", seed: 5"));
    expect(seeded.map((k, i) => k === one[i])).toEqual([true, true, false, false]);
    const bytes = await keysOf(pipeline(""), { "input:moving": "e" });
    expect(bytes.map((k, i) => k === one[i])).toEqual([true, false, false, false]);
    expect((await keysOf(pipeline(""), {}, { LANG: "C" })).some((k, i) => k === one[i])).toBe(false);
  });

  test("tells which port a value stands at", () => {
    const task = { plugin: "p", version: "1", params: {}, seed: 1 };
    expect(taskKey(task, { a: "x", b: "y" })).not.toBe(taskKey(task, { a: "y", b: "x" }));
    expect(taskKey(task, { a: "x", b: "y" })).toBe(taskKey(task, { b: "y", a: "x" }));
    expect(taskKey(task, { a: [["i", "x"]] })).not.toBe(taskKey(task, { a: [["j", "x"]] }));
  });
});

describe("canonical JSON", () => {
  test("sorts keys, and leaves out what is undefined", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "x" }], a: true, e: undefined })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
  });

  test("refuses what JSON cannot hold", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, () => 1, undefined]) {
      expect(() => canonicalJson({ a: [value] })).toThrow("Internal error");
    }
  });
});
