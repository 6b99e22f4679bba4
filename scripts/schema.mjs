// Writes schemas/pipeline.schema.json from the plugins' manifests, for editors. Run it after a build, whenever a manifest changes.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { registry } from "../dist/plugins/index.js";
import { pipelineSchema } from "../dist/src/pipeline/json-schema.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const all = registry();
const plugins = new Map();
for (const id of all.ids) plugins.set(id, await all.load(id));
mkdirSync(`${root}schemas`, { recursive: true });
writeFileSync(`${root}schemas/pipeline.schema.json`, `${JSON.stringify(pipelineSchema(plugins), null, 2)}\n`);
