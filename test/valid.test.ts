import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { renderAll } from "../src/pipeline/render.js";
import { disk } from "./support/disk.js";
import { load } from "./support/load.js";

const folder = new URL("./fixtures/valid/", import.meta.url);

describe("valid pipelines become plans without a word", () => {
  for (const name of readdirSync(folder)) {
    test(name, async () => {
      const loaded = await load(readFileSync(new URL(name, folder), "utf8"), { files: disk, env: { DATA: "/data" } });
      const said = [...(loaded.ok ? [] : loaded.diagnostics), ...loaded.warnings];
      expect(renderAll(said, loaded.texts)).toBe("");
      if (!loaded.ok) return;
      loaded.value.tasks.forEach((task, i) => {
        for (const source of Object.values(task.inputs)) {
          const all = "items" in source ? source.items.map(([, s]) => s) : [source];
          for (const { task: before, port } of all) {
            expect(before).toBeLessThan(i);
            expect(Object.keys(loaded.value.tasks[before]!.outputs)).toContain(port);
          }
        }
      });
      expect(
        loaded.value.tasks.map((t) => `${t.id} ${t.plugin}${t.files ? ` < ${Object.values(t.files)}` : ""}`),
      ).toMatchSnapshot();
    });
  }
});
