import { readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse, parseDocument } from "yaml";
import { registry } from "../plugins/index.js";
import { pluginId } from "../src/core/plugin.js";
import { seededRandom } from "../src/math/random.js";
import { pipelineSchema } from "../src/pipeline/json-schema.js";
import { disk } from "./support/disk.js";
import { fakePlugins } from "./support/fake-plugins.js";
import { load } from "./support/load.js";
import { mutate } from "./support/mutate.js";

const ajv = new Ajv({
  discriminator: true,
  allErrors: false,
  strict: true,
  allowUnionTypes: true,
  strictRequired: false,
  strictTypes: false,
});
ajv.addKeyword("markdownDescription");
const schema = pipelineSchema(new Map(fakePlugins.map((p) => [pluginId(p), p])));
const validate = ajv.compile(schema);

const read = (folder: string, name: string): string =>
  readFileSync(new URL(`./fixtures/${folder}/${name}`, import.meta.url), "utf8");
const names = (folder: string): string[] => readdirSync(new URL(`./fixtures/${folder}/`, import.meta.url));

/** Codes of mistakes that only the whole of a pipeline, its data or other files show. */
const beyond = new Set([
  ...["circle", "param-cycle", "unknown-name", "unknown-param", "unknown-field", "env-undeclared", "env-missing"],
  ...["port-type", "list-for-one", "one-for-list", "block-as-value", "not-a-list", "no-grid", "no-items", "same-item"],
  ...["unexpected-count", "table-unreadable", "no-reader", "no-writer", "list-into-file", "field-without-items"],
  ...["same-output", "output-outside", "output-is-input", "unsafe-file-name", "report-extension", "two-reports"],
  ...["name-clash", "missing-parameter", "extends-unreadable", "extends-circle", "bad-substitution", "bad-pattern"],
  ...["alias", "yaml-tag", "nested-too-deep", "unsafe-integer", "yaml-directive", "two-documents"], // of the text, not of its values
]);

/** Mistakes inside a text, where the schema sees a text only. */
const insideTexts = new Set([
  ...["gate-unit", "gate-without-number", "param-wrong-type", "range-angle", "range-length", "range-ratio"],
  ...["report-as-input", "proto-key", "input-remote"],
]);

describe("the schema for editors", () => {
  for (const name of names("valid")) {
    test(`accepts ${name}`, () => {
      validate(parse(read("valid", name)));
      expect(validate.errors ?? []).toEqual([]);
    });
  }

  for (const name of names("broken")) {
    const text = read("broken", name);
    const code = /^# ([a-z-]+)/.exec(text)![1]!;
    const document = parseDocument(text, { logLevel: "silent" });
    if (document.errors.length > 0 || beyond.has(code) || insideTexts.has(name.replace(".yaml", ""))) continue;
    test(`refuses ${name}: ${code}`, () => {
      expect(validate(document.toJS())).toBe(false);
    });
  }

  test("accepts whatever the checker accepts, in 600 damaged pipelines (seed 5)", async () => {
    const random = seededRandom(5);
    let accepted = 0;
    for (let i = 0; i < 600; i++) {
      const text = mutate(random);
      const loaded = await load(text, { files: disk, env: { DATA: "/data" } });
      if (!loaded.ok) continue;
      accepted++;
      validate(parse(text));
      expect(validate.errors ?? [], text).toEqual([]);
    }
    expect(accepted).toBeGreaterThan(15);
  });

  test("gives a mistake in a step the messages of its own plugin only", () => {
    const strict = new Ajv({ discriminator: true, allErrors: true, strictTypes: false, allowUnionTypes: true });
    strict.addKeyword("markdownDescription");
    const check = strict.compile(schema);
    check(parse(read("broken", "unknown-parameter.yaml")));
    expect((check.errors ?? []).filter((e) => e.keyword === "additionalProperties")).toHaveLength(1);
    expect((check.errors ?? []).length).toBeLessThanOrEqual(4);
  });

  test("is checked in as generated (run: node scripts/schema.mjs)", async () => {
    const all = registry();
    const loaded = await Promise.all(all.ids.map(async (id) => [id, (await all.load(id))!] as const));
    const fresh = `${JSON.stringify(pipelineSchema(new Map(loaded)), null, 2)}\n`;
    expect(readFileSync(new URL("../schemas/pipeline.schema.json", import.meta.url), "utf8")).toBe(fresh);
  });
});
