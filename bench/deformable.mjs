// Registration by a B-spline lattice on one lane, in process, beside elastix and OpenCV DIS on one thread: the same pixels in the same rounds.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cubicBasis } from "../dist/src/core/bending/control-lattice.js";
import { kernels } from "../dist/src/kernel/lane.js";
import { registerFreeForm } from "../dist/src/math/free-form/register.js";
import { planeOf, startPeer } from "./intensity.mjs";
import { median } from "./measure.mjs";

const side = 1024;
/** As the peers' measure: pixels nearer to the border do not count. */
const margin = 48;
const spacing = 48;

/** Lengths of the differences between the lattice's displacements and the true ones, sorted. */
function endPointErrors({ lattice: { columns, spacing }, coefficients }, truth) {
  const basis = new Float64Array(8);
  const weights = Array.from({ length: side }, (_, i) => {
    const cell = Math.floor(i / spacing);
    cubicBasis(i / spacing - cell, basis);
    return { cell, w: basis.slice(0, 4) };
  });
  const errors = [];
  const row = new Float64Array(2 * columns);
  for (let y = margin; y < side - margin; y++) {
    row.fill(0);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < row.length; j++)
        row[j] += weights[y].w[i] * coefficients[2 * (weights[y].cell + i) * columns + j];
    for (let x = margin; x < side - margin; x++) {
      const at = 2 * (y * side + x);
      let [u, v] = [-truth[at], -truth[at + 1]];
      for (let i = 0; i < 4; i++) {
        const node = 2 * (weights[x].cell + i);
        u += weights[x].w[i] * row[node];
        v += weights[x].w[i] * row[node + 1];
      }
      errors.push(Math.hypot(u, v));
    }
  }
  return Float64Array.from(errors).sort();
}

function register(scratch, options) {
  const arena = kernels().arena();
  const [fixed, moving] = ["fixed.raw", "moving.raw"].map((name) => planeOf(arena, join(scratch, name)));
  const began = performance.now();
  const fit = registerFreeForm(arena, fixed, moving, { spacing, ...options });
  const ms = performance.now() - began;
  arena[Symbol.dispose]();
  const bytes = readFileSync(join(scratch, "truth.raw"));
  const errors = endPointErrors(fit, new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
  const mean = errors.reduce((sum, e) => sum + e, 0) / errors.length;
  return {
    ...{ ms, epe_mean_px: mean, epe_p95_px: errors[Math.floor(0.95 * errors.length)], epe_max_px: errors.at(-1) },
    least: fit.leastJacobian,
  };
}

const efforts = {
  "ssd, standard": { metric: "ssd" },
  "ssd, fast": { metric: "ssd", effort: "fast" },
  ncc: { metric: "ncc" },
  "mutual information": { metric: "mutual-information" },
};

/** One pair: made and registered by the peers, then registered by us. */
async function contest(peer, what, scratch, ours) {
  const theirs = await peer.ask(what);
  for (const name of ours) theirs[name] = register(scratch, efforts[name]);
  return theirs;
}

const row = (name, cells) => console.log(`| ${[name, ...cells].join(" | ")} |`);

function table(rounds, names) {
  console.log("| | ms | mean error, px | 95 % | largest |\n| --- | ---: | ---: | ---: | ---: |");
  for (const name of names) {
    const of = (key) => median(rounds.map((r) => r[name][key]));
    row(name, [of("ms").toFixed(1), ...["epe_mean_px", "epe_p95_px", "epe_max_px"].map((key) => of(key).toFixed(4))]);
  }
}

export async function bench({ inputs, peers, python, scratch, runs, deformablePairs = 20 }) {
  if (!python) return;
  const peer = startPeer(python, "deformable_peers.py", [peers, inputs, scratch, "1"]);
  const ours = ["ssd, standard", "ssd, fast", "ncc"];
  for (let i = 0; i < 3; i++) await contest(peer, "bench dis", scratch, ours);
  const rounds = [];
  for (let i = 0; i < Math.max(5, runs); i++) rounds.push(await contest(peer, "bench dis msd", scratch, ours));
  console.log("\n## deformable, 1 MP, one lane and one thread\n");
  table(rounds, [...ours, "msd", "dis"]);
  const ratio = (a, b) => median(rounds.map((r) => r[a].ms / r[b].ms)).toFixed(4);
  console.log(
    `\nstandard / elastix: ${ratio("ssd, standard", "msd")}; fast / DIS medium: ${ratio("ssd, fast", "dis")}\n`,
  );
  for (const [what, title, names, elastix] of [
    ["pair", "pairs with fields of their own", ours, "msd"],
    ["shaded", "pairs whose light changes from place to place", ["ssd, standard", "ncc"], "msd"],
    ["other", "pairs of other brightness, shaded, with more noise", ["mutual information"], "mi"],
  ]) {
    const pairs = [];
    for (let i = 0; i < deformablePairs; i++) pairs.push(await contest(peer, `${what} dis ${elastix}`, scratch, names));
    console.log(`\n${pairs.length} ${title}; mean error in px\n`);
    console.log(
      "| | median | largest | better than elastix | than DIS | least area |\n| --- | ---: | ---: | ---: | ---: | ---: |",
    );
    for (const name of [...names, elastix, "dis"]) {
      const errors = pairs.map((r) => r[name].epe_mean_px);
      const better = (than) =>
        `${pairs.filter((r) => r[name].epe_mean_px < r[than].epe_mean_px).length} of ${pairs.length}`;
      const least = pairs[0][name].least === undefined ? "" : Math.min(...pairs.map((r) => r[name].least)).toFixed(2);
      row(name, [median(errors).toFixed(4), Math.max(...errors).toFixed(3), better(elastix), better("dis"), least]);
    }
  }
  peer.end();
}
