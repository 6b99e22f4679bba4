// Registration by intensity on one lane, in process, beside OpenCV's ECC over a pyramid on one thread: the same pixels in the same rounds.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { kernels } from "../dist/src/kernel/lane.js";
import { registerIntensity } from "../dist/src/math/intensity/register.js";
import { emptyPlane } from "../dist/src/math/plane.js";
import { median } from "./measure.mjs";
import { gridError } from "./ours.mjs";

const side = 1024;

/** A peer that answers a line with a line of JSON. @param script  of this folder */
export function startPeer(python, script, args) {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(python, [file, ...args], { stdio: ["pipe", "pipe", "inherit"], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(what) {
      child.stdin.write(`${what}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended`);
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}

/** A file of 1024 x 1024 bytes. */
export function planeOf(arena, file) {
  const bytes = readFileSync(file);
  const plane = emptyPlane(arena, side, side);
  for (let y = 0; y < side; y++)
    arena.f32(plane.at + 4 * y * plane.stride, side).set(bytes.subarray(y * side, (y + 1) * side));
  return plane;
}

/** One pair: made and aligned by the peer, then aligned by us. */
async function contest(peer, what, scratch) {
  const theirs = await peer.ask(what);
  const arena = kernels().arena();
  const [fixed, moving] = ["fixed.raw", "moving.raw"].map((name) => planeOf(arena, join(scratch, name)));
  const began = performance.now();
  const fit = registerIntensity(arena, fixed, moving, { family: "affine" });
  const ms = performance.now() - began;
  arena[Symbol.dispose]();
  const { truth } = theirs;
  const rows = [0, 3, 6].map((i) => truth.slice(i, i + 3));
  return {
    ...{ ms, theirMs: theirs.ms, expected: fit.sigma },
    error: gridError(fit.movingFromFixed, rows, side, side),
    theirError: gridError(theirs.matrix, rows, side, side),
  };
}

export async function bench({ inputs, peers, python, scratch, runs, intensityPairs = 36 }) {
  if (!python) return;
  const peer = startPeer(python, "intensity_opencv.py", [peers, inputs, scratch, "1"]);
  for (let i = 0; i < 3; i++) await contest(peer, "bench", scratch);
  const rounds = [];
  for (let i = 0; i < Math.max(7, runs); i++) rounds.push(await contest(peer, "bench", scratch));
  const of = (list, key) => median(list.map((r) => r[key]));
  const ratio = median(rounds.map((r) => r.ms / r.theirMs));
  console.log("\n## intensity, affine, 1 MP, one lane and one thread\n");
  console.log("| | ours | ECC pyramid | ours / ECC |\n| --- | ---: | ---: | ---: |");
  console.log(
    `| ms in process | ${of(rounds, "ms").toFixed(1)} | ${of(rounds, "theirMs").toFixed(1)} | ${ratio.toFixed(3)} |`,
  );
  const [error, theirError] = [of(rounds, "error"), of(rounds, "theirError")];
  console.log(`| error, px | ${error.toFixed(5)} | ${theirError.toFixed(5)} | ${(error / theirError).toFixed(2)} |`);
  const pairs = [];
  for (let i = 0; i < intensityPairs; i++) pairs.push(await contest(peer, "pair", scratch));
  peer.end();
  const [e, t] = [of(pairs, "error"), of(pairs, "theirError")];
  console.log(
    `| median error over ${pairs.length} pairs, px | ${e.toFixed(5)} | ${t.toFixed(5)} | ${(e / t).toFixed(2)} |`,
  );
  const most = (key) => Math.max(...pairs.map((r) => r[key]));
  console.log(`| largest error | ${most("error").toFixed(5)} | ${most("theirError").toFixed(5)} | |`);
  const failures = (key) => pairs.filter((r) => !(r[key] <= 0.1)).length;
  console.log(`| failures (over 0.1 px) | ${failures("error")} | ${failures("theirError")} | |`);
  console.log(`\nError over the expected one, median: ${median(pairs.map((r) => r.error / r.expected)).toFixed(2)}`);
}
