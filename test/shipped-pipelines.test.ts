import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { registry } from "../plugins/index.js";
import { failed, ok, problem } from "../src/core/diagnostic.js";
import { loadPlan } from "../src/pipeline/load.js";
import { renderAll } from "../src/pipeline/render.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const yamlIn = (folder: string): string[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/.test(name) && !/(^|[\\/])(data|results|node_modules)[\\/]/.test(name))
    .map((name) => `${folder}/${name}`);

const ajv = new Ajv({ discriminator: true, allowUnionTypes: true, strictTypes: false });
ajv.addKeyword("markdownDescription");
const validate = ajv.compile(JSON.parse(readFileSync(`${root}schemas/pipeline.schema.json`, "utf8")));

describe("every shipped pipeline", () => {
  const files = [...yamlIn("pipelines"), ...yamlIn("examples")].sort();
  test("is found", () => {
    expect(files.length).toBeGreaterThan(2);
  });

  test.each(files)("%s is without fault, for the checker and for editors", async (file) => {
    const text = readFileSync(root + file, "utf8");
    if (!/^tiepoint:|^extends:/m.test(text)) return; // a profile or another file of settings
    const loaded = await loadPlan({
      file: root + file,
      text,
      registry: registry(),
      env: process.env,
      readText: async (path) => {
        try {
          return ok(readFileSync(path, "utf8"));
        } catch {
          return failed(problem("file-unreadable", `${path} cannot be read`));
        }
      },
      // Sample data is made when an example is run: a collection without files is no fault of the pipeline.
      listFiles: async () => ok([]),
    });
    const said = [...(loaded.ok ? [] : loaded.diagnostics), ...loaded.warnings].filter((d) => d.code !== "no-items");
    expect(renderAll(said, loaded.texts)).toBe("");
    validate(parse(text));
    expect(validate.errors ?? []).toEqual([]);
  });
});
