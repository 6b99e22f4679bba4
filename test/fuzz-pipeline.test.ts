import { expect, test } from "vitest";
import { seededRandom } from "../src/math/random.js";
import { renderAll } from "../src/pipeline/render.js";
import { disk } from "./support/disk.js";
import { load } from "./support/load.js";
import { mutate } from "./support/mutate.js";

test("2,000 damaged pipelines (seed 20261124) end in a plan or in diagnostics with places, never in an exception", async () => {
  const random = seededRandom(20261124);
  let broken = 0;
  for (let i = 0; i < 2000; i++) {
    const text = mutate(random);
    const loaded = await load(text, { files: disk, env: { DATA: "/data" } }).catch((error: unknown) => {
      throw new Error(`case ${i}: ${String((error as Error).stack)}\n${text}`);
    });
    const said = [...(loaded.ok ? [] : loaded.diagnostics), ...loaded.warnings];
    for (const d of said) {
      expect(d.code, `case ${i}`).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(d.at, `case ${i}: ${d.message}`).toBeDefined();
      const shown = loaded.texts.get(d.at!.file);
      expect(shown, `case ${i}: ${d.at!.file}`).toBeDefined();
      expect(d.at!.offset, `case ${i}: ${d.code}`).toBeGreaterThanOrEqual(0);
      expect(d.at!.offset + d.at!.length, `case ${i}: ${d.code}`).toBeLessThanOrEqual(Math.max(1, shown!.length + 1));
    }
    expect(renderAll(said, loaded.texts)).not.toMatch(/undefined|\[object|Internal error|NaN/);
    if (!loaded.ok) {
      broken++;
      expect(loaded.diagnostics.length).toBeGreaterThan(0);
    }
  }
  expect(broken).toBeGreaterThan(1000); // the damage is real
  expect(broken).toBeLessThan(1990);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("10 kB of brackets, dashes and question marks are refused by depth", async () => {
  for (const piece of ["[", "{", "- ", "? ", "[{", "{a: ", "- - ", "? - ", "a:\n- "]) {
    const loaded = await load(`tiepoint: 1\nx: ${piece.repeat(5000)}`);
    expect(loaded.ok).toBe(false);
    const below = await load(`${piece.repeat(5000)}`);
    expect(below.ok).toBe(false);
    if (!below.ok && piece !== "a:\n- ") expect(below.diagnostics[0]!.code, piece).toBe("nested-too-deep");
  }
});

test("a deep block map is refused by depth", async () => {
  const text = Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n");
  const loaded = await load(text);
  expect(loaded.ok).toBe(false);
  if (!loaded.ok) expect(loaded.diagnostics[0]!.code).toBe("nested-too-deep");
});

test("a file above the size limit is refused before it is parsed", async () => {
  const loaded = await load(`tiepoint: 1\n#${"x".repeat(5_000_001)}`);
  expect(loaded.ok).toBe(false);
  if (!loaded.ok) expect(loaded.diagnostics[0]!.code).toBe("file-too-large");
});

test("a file of millions of words is refused before it takes the memory of a tree", async () => {
  const loaded = await load(`tiepoint: 1\nparams: { x: [${"a,".repeat(2_000_000)}] }`);
  expect(loaded.ok ? "" : loaded.diagnostics[0]!.code).toBe("file-too-large");
});
