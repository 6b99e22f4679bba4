// npm run bench -- [TOPIC…] [--inputs DIR] [--shared DIR] [--runs N] [--side N] [--only TEXT] [--pairs N] [--unrelated N] [--recipe FILE]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { machineLine, pythonWith } from "./measure.mjs";
import { root } from "./ours.mjs";

/** What each topic needs of the peers' inputs; the rest makes its own. */
const topics = {
  start: { file: "start.mjs" },
  features: { file: "features.mjs", inputs: "features" },
  pair: { file: "pair.mjs", inputs: "intensity" },
  intensity: { file: "intensity.mjs", inputs: "intensity" },
  "mutual-information": { file: "mutual-information.mjs", inputs: "mi" },
  deformable: { file: "deformable.mjs", inputs: "deformable" },
  warp: { file: "warp.mjs", inputs: "warp" },
  write: { file: "write.mjs", inputs: "warp" },
  memory: { file: "memory.mjs" },
  mosaic: { file: "mosaic.mjs" },
  stitch: { file: "stitch.mjs", inputs: "stitch" },
  bend: { file: "bend.mjs" },
  plan: { file: "plan.mjs" },
  calibration: { file: "calibration.mjs" },
  kernels: { file: "kernels.mjs" },
  "features-kernels": { file: "features-kernels.mjs" },
  fft: { file: "fft.mjs" },
  shift: { file: "shift.mjs", inputs: "fourier" },
  "fourier-mellin": { file: "fourier-mellin.mjs" },
  score: { file: "score.mjs" },
};
const byDefault = ["start", "features", "pair", "intensity", "warp", "plan", "calibration"];

const usage = `npm run bench -- [TOPIC…] [options]

topics: ${Object.keys(topics).join(", ")}
without a topic: ${byDefault.join(", ")}

--inputs DIR    images that peers/make_inputs.py has made; without it they are made in a temporary folder
--shared DIR    where bench/peers, bench/score.py and data are; ../shared
--runs N        counted rounds; 3
--side N        memory, mosaic: an image of N x N pixels; 30000 (needs 3 bytes of disk a pixel)
--only TEXT     score: only pairs with this in their name
--unrelated N   score: pairs that must be refused; 20
--recipe FILE   score: a pipeline that writes results/transform.json, in place of align
--pairs N       calibration: how many pairs; 40
--keep          leave the temporary folder`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string" },
    shared: { type: "string", default: join(root, "..", "shared") },
    runs: { type: "string", default: "3" },
    side: { type: "string", default: "30000" },
    only: { type: "string", default: "" },
    recipe: { type: "string", default: "" },
    unrelated: { type: "string", default: "20" },
    pairs: { type: "string", default: "40" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const wanted = positionals.length > 0 ? positionals : byDefault;
const unknown = wanted.filter((topic) => !Object.hasOwn(topics, topic));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no topic "${unknown[0]}"\n`);
  console.error(usage);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const scratch = mkdtempSync(join(tmpdir(), "tiepoint-bench-"));
const shared = resolve(values.shared);
const peers = join(shared, "bench", "peers");
const python = pythonWith("numpy, cv2");
const context = {
  ...{ scratch, shared, peers, python },
  runs: Number(values.runs),
  pairs: Number(values.pairs),
  unrelated: Number(values.unrelated),
  only: values.only,
  recipe: values.recipe,
  side: Number(values.side),
  log: (text) => process.stderr.write(`  ${text}\n`),
};

console.log(machineLine());
if (!python) console.log("Peers in Python are skipped: no Python here has numpy and cv2.");
try {
  for (const topic of wanted) {
    const { file, inputs: need } = topics[topic];
    const script = join(root, "bench", file);
    if (!existsSync(script)) {
      console.log(`\n## ${topic}\n\nskipped: ${file} is not there`);
      continue;
    }
    const inputs = need ? findInputs(need) : undefined;
    if (need && !inputs) continue;
    const { bench } = await import(script);
    if (bench) await bench({ ...context, inputs });
  }
} finally {
  if (values.keep) console.log(`\nkept: ${scratch}`);
  else rmSync(scratch, { recursive: true, force: true });
}

/** The folder of the peers' inputs that has a part, made where it is missing. */
function findInputs(part) {
  if (values.inputs) {
    const folder = resolve(values.inputs);
    if (existsSync(join(folder, part))) return folder;
    console.log(`\n## ${part}\n\nskipped: ${folder} has no ${part}`);
    return undefined;
  }
  const folder = join(scratch, "inputs");
  if (existsSync(join(folder, part))) return folder;
  const make = join(peers, "make_inputs.py");
  if (!python || !existsSync(make)) {
    console.log(`\n## ${part}\n\nskipped: needs images made by ${make}, or --inputs DIR`);
    return undefined;
  }
  mkdirSync(folder, { recursive: true });
  context.log(`making images for ${part}`);
  const done = spawnSync(python, [make, folder, part], { stdio: ["ignore", "ignore", "inherit"] });
  return done.status === 0 ? folder : undefined;
}
