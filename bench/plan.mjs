// From YAML text to a plan of 100,000 tasks: parsing, checking, expanding and ordering, all pure.
import { rounds, table } from "./measure.mjs";

const items = 25_000;
const text = `tiepoint: 1
name: bench-plan
inputs:
  tiles: { all: "raw/tile_{n:05}.tif" }
  known: known.json
steps:
  tile:
    each: tiles
    steps:
      first: { use: warp, in: tile, transform: known }
      second: { use: warp, in: first, transform: known }
      third: { use: warp, in: second, transform: known, interpolation: linear }
outputs:
  "out/tile_{n}.png": tile.third
`;

export async function bench({ runs, log }) {
  const { loadPlan } = await import("../dist/src/pipeline/load.js");
  const { registry } = await import("../dist/plugins/index.js");
  const names = Array.from({ length: items }, (_, n) => `tile_${String(n).padStart(5, "0")}.tif`);
  const all = registry();
  let tasks = 0;
  const ours = {
    name: "loadPlan",
    ours: true,
    async run() {
      const start = performance.now();
      const cpu = process.cpuUsage();
      const loaded = await loadPlan({
        ...{ file: "/bench/plan.yaml", text, registry: all, env: {} },
        readText: async () => ({ ok: false, diagnostics: [] }),
        listFiles: async () => ({ ok: true, value: names }),
      });
      if (!loaded.ok) throw new Error(loaded.diagnostics.map((d) => d.message).join("; "));
      tasks = loaded.value.tasks.length;
      const used = process.cpuUsage(cpu);
      return {
        cpu: (used.user + used.system) / 1e6,
        seconds: (performance.now() - start) / 1000,
        peakMb: process.memoryUsage().rss / 2 ** 20,
        note: `${tasks} tasks`,
      };
    },
  };
  console.log(table("planning", await rounds([ours], runs, log)));
}
