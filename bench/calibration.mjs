// Is the verdict honest? Many sample pairs with known truth: the expected error that the verdict states, beside the true one.
import { join } from "node:path";
import { makeSample } from "../examples/make-sample.mjs";
import { matrixOf, project, runPipeline } from "./ours.mjs";

const pipeline = (folder, name, model) => `tiepoint: 1
name: bench-calibration
inputs: { fixed: "${folder}/fixed.png", moving: "${folder}/moving.png" }
steps:
  fixed-gray: { use: preprocess/gray, in: fixed }
  moving-gray: { use: preprocess/gray, in: moving, invert: ${name === "stains"} }
  matches: { use: match/sift, fixed: fixed-gray, moving: moving-gray }
  found: { use: estimate/${model}, matches: matches }
outputs: { transform.json: found }
`;

/** Noise from none to strong, turns and scales from small to large; with a bend that the model cannot follow now and then. */
function trial(k, aboutCentre) {
  const names = ["stains", "sections", "cells", "terrain"];
  const name = names[k % names.length];
  const u = (n) => (((k * 2654435761 + n * 40503 * (k + 3)) >>> 8) % 1000) / 1000;
  const size = 384 + 128 * (k % 3);
  const transform = aboutCentre(size, size, {
    turn: 0.3 * (u(1) - 0.5),
    scaleX: 0.85 + 0.3 * u(2),
    scaleY: 0.85 + 0.3 * u(3),
    shear: 0.08 * (u(4) - 0.5),
    shift: [0.2 * size * (u(5) - 0.5), 0.2 * size * (u(6) - 0.5)],
  });
  const bend = k % 5 === 4 ? { amplitude: 3 * u(7), period: 0.35 * size, seed: k } : null;
  return { name, options: { size, seed: k + 1, noise: 0.45 * u(8) * u(9), transform, bend } };
}

const correlation = (a, b) => {
  const mean = (v) => v.reduce((s, x) => s + x, 0) / v.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f) => a.reduce((s, _, i) => s + f(i), 0);
  return sum((i) => (a[i] - ma) * (b[i] - mb)) / Math.sqrt(sum((i) => (a[i] - ma) ** 2) * sum((i) => (b[i] - mb) ** 2));
};

/** Root of the mean squared true error where the images overlap. */
function trueError(pair, matrix, size) {
  const at = new Float64Array(2);
  let sum = 0;
  let count = 0;
  for (let j = 0; j < 21; j++) {
    for (let i = 0; i < 21; i++) {
      const [x, y] = [(i * (size - 1)) / 20, (j * (size - 1)) / 20];
      pair.truth.movingFromFixed(x, y, at);
      if (at[0] < 0 || at[1] < 0 || at[0] > size - 1 || at[1] > size - 1) continue;
      const [u, v] = project(matrix, x, y);
      sum += (u - at[0]) ** 2 + (v - at[1]) ** 2;
      count++;
    }
  }
  return Math.sqrt(sum / count);
}

export async function bench({ scratch, pairs }) {
  const { aboutCentre } = await import("../dist/src/samples/truth.js");
  console.log("\n## calibration of the verdict\n\n| pair | size | noise | bend px | verdict | stated px | true px |");
  console.log("| --- | ---: | ---: | ---: | --- | ---: | ---: |");
  const rows = [];
  for (let k = 0; k < pairs; k++) {
    const { name, options } = trial(k, aboutCentre);
    const folder = join(scratch, `calibration-${k}`);
    const pair = await makeSample(name, folder, options);
    const { record, ...got } = await runPipeline(pipeline(folder, name, "affine"), scratch, "calibration");
    const task = record.tasks.find((t) => t.step === "found");
    const stated = task?.verdict?.metrics["expected-error"]?.value ?? Number.NaN;
    const status = task?.verdict?.status ?? task?.state ?? "?";
    let found = Number.NaN;
    try {
      found = trueError(pair, matrixOf(join(got.folder, "transform.json")), options.size);
    } catch {
      // Refused: there is no transform to hold against the truth.
    }
    rows.push({ status, stated, found });
    const bend = options.bend?.amplitude ?? 0;
    console.log(
      `| ${name} ${k} | ${options.size} | ${options.noise.toFixed(3)} | ${bend.toFixed(1)} | ${status} | ${stated.toFixed(3)} | ${found.toFixed(3)} |`,
    );
  }
  const both = rows.filter((r) => Number.isFinite(r.stated) && Number.isFinite(r.found) && r.found > 0);
  const accepted = both.filter((r) => r.status === "accepted");
  const share = (list, test) => `${list.filter(test).length} of ${list.length}`;
  const log = (key) => both.map((r) => Math.log(r[key] + 1e-4));
  console.log(`
accepted ${share(rows, (r) => r.status === "accepted")}, suspect ${share(rows, (r) => r.status === "suspect")}, rejected ${share(rows, (r) => r.status === "rejected")}
true error at most twice the stated: ${share(both, (r) => r.found <= 2 * r.stated)}; of the accepted: ${share(accepted, (r) => r.found <= 2 * r.stated)}
stated more than five times the true: ${share(both, (r) => r.stated > 5 * r.found)}
accepted though off by more than 3 px: ${share(accepted, (r) => r.found > 3)}
correlation of their logarithms: ${both.length > 2 ? correlation(log("stated"), log("found")).toFixed(2) : "-"}`);
}
