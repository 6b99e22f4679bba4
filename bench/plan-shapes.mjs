// How long planning takes, and how much memory it holds: 100,000 tasks as a table of items, as a chain, and as a fan.
// Usage: node --expose-gc bench/plan-shapes.mjs (after npm run build)
import { parseText } from "../dist/src/pipeline/document.js";
import { inputKeysOf, taskKey } from "../dist/src/pipeline/key.js";
import { loadPlan } from "../dist/src/pipeline/load.js";

const run = () => Promise.reject(new Error("never run"));
const image = { kind: "read", name: "tiff", version: "1", summary: "", formats: { extensions: [".tif"] }, params: {} };
const plugins = {
  "read/tiff": { ...image, inputs: { file: "file" }, outputs: { image: "image" }, run },
  "write/csv": {
    ...image,
    kind: "write",
    name: "csv",
    formats: { extensions: [".csv"] },
    inputs: { table: "table" },
    outputs: {},
    run,
  },
  "preprocess/soft": {
    ...image,
    kind: "preprocess",
    name: "soft",
    params: { radius: { type: "number", unit: "length", default: "2 px", description: "" } },
    inputs: { in: "image" },
    outputs: { image: "image" },
    run,
  },
  "change/summary": {
    ...image,
    kind: "change",
    name: "summary",
    inputs: { in: "image[]" },
    outputs: { t: "table" },
    run,
  },
};
const registry = { ids: Object.keys(plugins).sort(), load: async (id) => plugins[id] };

const steps = (count, first) =>
  Array.from({ length: count }, (_, i) => `s${i}: { use: preprocess/soft, in: ${i === 0 ? first : `s${i - 1}`} }`);

const table = (rows) => `id,file\n${Array.from({ length: rows }, (_, i) => `i${i},a/${i}.tif`).join("\n")}\n`;

const cases = {
  "10,000 items x 10 steps": {
    text: `tiepoint: 1
inputs: { items: { table: t.csv } }
steps:
  item:
    each: items
    steps:
      ${steps(10, "item").join("\n      ")}
  sum: { use: change/summary, in: item.s9 }
outputs: { sum.csv: sum }
`,
    csv: table(10_000),
  },
  "100,000 items x 1 step": {
    text: `tiepoint: 1
inputs: { items: { table: t.csv } }
steps:
  item: { each: items, steps: { ${steps(1, "item")[0]} } }
  sum: { use: change/summary, in: item.s0 }
outputs: { sum.csv: sum }
`,
    csv: table(100_000),
  },
  "a chain of 30,000 steps": {
    text: `tiepoint: 1
inputs: { first: a.tif }
steps:
  ${steps(30_000, "first").join("\n  ")}
`,
    csv: "",
  },
  "a chain of 100,000 steps": {
    text: `tiepoint: 1
inputs: { first: a.tif }
defaults: { preprocess/soft: { radius: 3 px } }
steps:
${Array.from({ length: 100_000 }, (_, i) => ` s${i}: {use: preprocess/soft, in: ${i === 0 ? "first" : `s${i - 1}`}}`).join("\n")}
`,
    csv: "",
  },
};

console.log(`node ${process.version} ${process.platform}`);
for (const [name, { text, csv }] of Object.entries(cases)) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const parsing = performance.now();
  parseText("p.yaml", text, "pipeline");
  const yaml = performance.now() - parsing;
  const start = performance.now();
  const loaded = await loadPlan({
    file: "/data/p.yaml",
    text,
    registry,
    env: {},
    readText: async () => ({ ok: true, value: csv }),
    listFiles: async () => ({ ok: true, value: [] }),
  });
  const planned = performance.now();
  if (!loaded.ok) {
    console.log(`${name}: ${loaded.diagnostics[0].code} ${loaded.diagnostics[0].message}`);
    continue;
  }
  const keys = [];
  for (const task of loaded.value.tasks) keys.push(taskKey(task, inputKeysOf(task, keys), {}, loaded.value.env));
  const keyed = performance.now();
  const peak = process.memoryUsage().heapUsed - before;
  globalThis.gc?.();
  const held = process.memoryUsage().heapUsed - before;
  console.log(
    `${name}: ${loaded.value.tasks.length} tasks, plan ${(planned - start).toFixed(0)} ms (of these about ${yaml.toFixed(0)} for YAML), keys ${(keyed - planned).toFixed(0)} ms,` +
      ` heap ${(held / 1e6).toFixed(0)} MB held, ${(peak / 1e6).toFixed(0)} MB before collection, text ${(text.length / 1e6).toFixed(1)} MB`,
  );
}
console.log(`peak memory of the process ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB`);
