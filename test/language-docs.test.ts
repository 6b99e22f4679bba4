import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { renderAll } from "../src/pipeline/render.js";
import { disk } from "./support/disk.js";
import { load } from "./support/load.js";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

describe("docs/pipelines.md", () => {
  const blocks = [...read("../docs/pipelines.md").matchAll(/```yaml\n([\s\S]*?)```/g)].map((m) => m[1]!);
  test.each(blocks.map((text, i) => [i + 1, text] as const))(
    "block %i is a pipeline without fault",
    async (_, text) => {
      const loaded = await load(text, { files: disk });
      expect(renderAll([...(loaded.ok ? [] : loaded.diagnostics), ...loaded.warnings], loaded.texts)).toBe("");
    },
  );
});

test("docs/diagnostics.md lists the checker's codes, all of them and no others", () => {
  const listed = [...read("../docs/diagnostics.md").matchAll(/^\| `([a-z-]+)` \|/gm)].map((m) => m[1]!);
  const folder = new URL("../src/pipeline/", import.meta.url);
  const sources = readdirSync(folder).filter((f) => f.endsWith(".ts") && !f.endsWith(".test.ts"));
  const checker = sources.map((f) => readFileSync(new URL(f, folder), "utf8")).join("\n");
  const text = checker + read("../src/core/quantity.ts");
  // A code is a kebab-case text that stands in a call of errorAt, warningAt, problem or a local short form of them.
  const used = new Set<string>();
  for (const call of checker.matchAll(/\b(?:errorAt|warningAt|problem|refuse)\(/g)) {
    const code = /"(alias|circle|[a-z]+(?:-[a-z]+)+)"/.exec(checker.slice(call.index, call.index + 300));
    if (code) used.add(code[1]!);
  }
  expect(listed.length).toBe(new Set(listed).size);
  expect([...used].filter((c) => !listed.includes(c))).toEqual([]);
  expect(listed.filter((c) => !text.includes(`"${c}"`))).toEqual([]);
});
