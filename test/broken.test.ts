import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lineColumn, renderAll } from "../src/pipeline/render.js";
import { disk } from "./support/disk.js";
import { load } from "./support/load.js";

const folder = new URL("./fixtures/broken/", import.meta.url);

describe("broken pipelines are shown at the exact token", () => {
  for (const name of readdirSync(folder)) {
    const text = readFileSync(new URL(name, folder), "utf8");
    const expected = /^# (\S+)/.exec(text)![1]!;
    test(`${name}: ${expected}`, async () => {
      const loaded = await load(text, { files: { ...disk, "/data/p.yaml": text } });
      expect(loaded.ok).toBe(false);
      if (loaded.ok) return;
      const found = loaded.diagnostics.map((d) => {
        const { line, column } = lineColumn(loaded.texts.get(d.at!.file)!, d.at!.offset);
        return `${d.code}:${line}:${column}`;
      });
      expect(found.length, renderAll(loaded.diagnostics, loaded.texts)).toBeLessThanOrEqual(3);
      expect(found[0], renderAll(loaded.diagnostics, loaded.texts)).toBe(expected);
    });
  }
});
