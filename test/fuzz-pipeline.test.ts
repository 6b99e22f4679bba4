import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seededRandom } from "../src/math/random.js";
import { renderAll } from "../src/pipeline/render.js";
import { disk } from "./support/disk.js";
import { load } from "./support/load.js";

const folder = new URL("./fixtures/valid/", import.meta.url);
const originals = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));

/** Pieces that have hurt YAML readers, and pieces of the language in wrong places. */
const pieces = [
  ...[
    "[",
    "]",
    "{",
    "}",
    ":",
    "-",
    "?",
    "&a",
    "*a",
    "!!str",
    "<<: *a",
    "|",
    ">",
    "%",
    "#",
    "'",
    '"',
    "\\",
    "---",
    "...",
  ],
  ...[
    "\t",
    "\r",
    "\n",
    "\u0000",
    "\ufeff",
    "\u2028",
    "\ud800",
    "\u{1f600}",
    "__proto__",
    "constructor",
    "$\u007b",
    "$\u007bx}",
  ],
  ...[
    "$\u007binlier-distance}",
    "{id}",
    "1e999",
    ".nan",
    "0x10",
    "012",
    "9007199254740993",
    "null",
    "~",
    "yes",
    "each",
    "steps",
  ],
  ...[
    "use",
    "- - - - - -",
    "? ? ? ?",
    "[[[[[[[[",
    "report",
    "tiles",
    "pair.a",
    "tile.flat",
    "..",
    "../",
    "a.b.c.d",
    " ",
  ],
  "[".repeat(100),
  "- ".repeat(100),
  "{a: ".repeat(70),
];

function mutate(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  let text = pick(originals);
  const edits = random() < 0.5 ? 1 : 2 + Math.floor(random() * 4);
  for (let i = 0; i < edits; i++) {
    const at = Math.floor(random() * (text.length + 1));
    const end = Math.min(text.length, at + Math.floor(random() ** 3 * 200));
    switch (Math.floor(random() * 6)) {
      case 0:
        text = text.slice(0, at) + pick(pieces) + text.slice(at);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(end);
        break;
      case 2:
        text = text.slice(0, at) + text.slice(at, end) + text.slice(at);
        break;
      case 3:
        text = text.slice(0, at) + pick(pieces) + text.slice(end);
        break;
      case 4: {
        const other = pick(originals);
        const from = Math.floor(random() * other.length);
        text = text.slice(0, at) + other.slice(from, from + 80) + text.slice(at);
        break;
      }
      default: {
        const lines = text.split("\n");
        const [a, b] = [Math.floor(random() * lines.length), Math.floor(random() * lines.length)];
        [lines[a], lines[b]] = [lines[b]!, lines[a]!];
        text = lines.join("\n");
      }
    }
  }
  return text;
}

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
