// Registration by mutual information on one lane, in process, beside elastix on one thread: the same pixels in the same rounds.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { kernels } from "../dist/src/kernel/lane.js";
import { registerMutualInformation } from "../dist/src/math/mutual-information/register.js";
import { searchMutualInformation } from "../dist/src/math/mutual-information/search.js";
import { emptyPlane } from "../dist/src/math/plane.js";
import { seededRandom } from "../dist/src/math/random.js";
import { median } from "./measure.mjs";
import { gridError } from "./ours.mjs";

const side = 1024;
const seeds = [1, 2, 3, 4, 5];
/** As far as the search looks: half a turn either way, these scales, an eighth of the side. */
const far = { rotation: Math.PI, scale: [0.7, 1.35], shift: 0.12 };
/** Errors above it, in pixels, are failures. */
const failure = 0.1;
/** Marks of a failure that need no truth: an expected error above it, and a rival place with nearly as much information. */
const largeSigma = 0.033;
const smallMargin = 1.25;

function startPeer(python, peers, inputs, scratch) {
  const script = fileURLToPath(new URL("mutual-information.py", import.meta.url));
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const child = spawn(python, [script, peers, inputs, scratch, "1"], { stdio: ["pipe", "pipe", "inherit"], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(what) {
      child.stdin.write(`${what}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("the peer's process ended");
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}

function planeOf(arena, file) {
  const bytes = readFileSync(file);
  const plane = emptyPlane(arena, side, side);
  for (let y = 0; y < side; y++)
    arena.f32(plane.at + 4 * y * plane.stride, side).set(bytes.subarray(y * side, (y + 1) * side));
  return plane;
}

const rowsOf = (matrix) => [0, 3, 6].map((i) => matrix.slice(i, i + 3));

function timed(work) {
  const began = performance.now();
  const result = work();
  return { result, ms: performance.now() - began };
}

/** From the identity, or from where the search says. */
function register(arena, fixed, moving, family, seed, search) {
  const random = seededRandom(seed);
  const starts = search ? searchMutualInformation(arena, fixed, moving, { ...search, family, random }) : [];
  const start = starts[0]?.movingFromFixed;
  const options = { family, metric: "mattes", random, ...(start ? { start } : {}) };
  const fit = registerMutualInformation(arena, fixed, moving, options);
  const margin =
    starts.length > 1 ? (starts[0].information - 1) / (starts[1].information - 1) : Number.POSITIVE_INFINITY;
  return { ...fit, margin: starts.length > 0 ? margin : 0 };
}

/** Works on the pair that the peer has written. */
function withPair(scratch, work) {
  const arena = kernels().arena();
  const [fixed, moving] = ["fixed.raw", "moving.raw"].map((name) => planeOf(arena, join(scratch, name)));
  const result = work(arena, fixed, moving);
  arena[Symbol.dispose]();
  return result;
}

/** One pair of the workload: elastix once, then ours from the identity with every seed, and from a search with the first. */
async function contest(peer, family, scratch) {
  const theirs = await peer.ask(family);
  const truth = rowsOf(theirs.truth);
  const { ours, searched } = withPair(scratch, (arena, fixed, moving) => ({
    ours: seeds.map((seed) => timed(() => register(arena, fixed, moving, family, seed))),
    searched: timed(() => register(arena, fixed, moving, family, 1, far)),
  }));
  const errorOf = ({ result }) => gridError(result.movingFromFixed, truth, side, side);
  return {
    ...{ ms: median(ours.map((o) => o.ms)), searchMs: searched.ms, theirMs: theirs.ms },
    errors: ours.map(errorOf),
    searchError: errorOf(searched),
    theirError: gridError(theirs.matrix, truth, side, side),
  };
}

async function workload(peer, family, scratch, runs) {
  const rounds = [];
  for (let i = 0; i < runs; i++) rounds.push(await contest(peer, family, scratch));
  const of = (key) => median(rounds.map((r) => r[key]));
  const ratio = (key) => median(rounds.map((r) => r[key] / r.theirMs)).toFixed(4);
  const [{ errors }] = rounds;
  const row = (name, ...cells) => console.log(`| ${family}: ${name} | ${cells.join(" | ")} |`);
  row("ms", of("ms").toFixed(0), of("theirMs").toFixed(0), ratio("ms"));
  row("ms with a search", of("searchMs").toFixed(0), of("theirMs").toFixed(0), ratio("searchMs"));
  row(
    "error of five seeds, px",
    errors.map((e) => e.toFixed(4)).join(" "),
    of("theirError").toFixed(4),
    (Math.max(...errors) / of("theirError")).toFixed(2),
  );
  row("error after a search, px", of("searchError").toFixed(4), "", "");
}

/** One random pair: from the identity, and beside it what a search of the neighbourhood says. */
async function heldOut(peer, scratch, alone) {
  const theirs = await peer.ask(alone ? "pair alone" : "pair");
  const truth = rowsOf(theirs.truth);
  const near = { rotation: Math.PI / 12, scale: [0.8, 1.25], shift: 0.12 };
  const [fit, other] = withPair(scratch, (arena, fixed, moving) => [
    register(arena, fixed, moving, "affine", 1),
    register(arena, fixed, moving, "affine", 2, near),
  ]);
  return {
    ...{
      sigma: fit.sigma,
      margin: other.margin,
      converged: fit.converged,
      gain: fit.information - fit.informationAtStart,
    },
    error: gridError(fit.movingFromFixed, truth, side, side),
    apart: gridError(fit.movingFromFixed, rowsOf(other.movingFromFixed), side, side),
    theirError: theirs.matrix ? gridError(theirs.matrix, truth, side, side) : Number.NaN,
  };
}

/** The true map after a turn, a change of scale about the middle, and a shift. */
function off(truth, degrees, factor, x, y) {
  const [a, m] = [(degrees * Math.PI) / 180, (side - 1) / 2];
  const [c, s] = [factor * Math.cos(a), factor * Math.sin(a)];
  const move = [c, -s, m - c * m + s * m + x, s, c, m - s * m - c * m + y, 0, 0, 1];
  return Array.from({ length: 9 }, (_, i) =>
    [0, 1, 2].reduce((sum, k) => sum + truth[3 * Math.floor(i / 3) + k] * move[3 * k + (i % 3)], 0),
  );
}

const ladder = {
  "turn, degrees": [15, 30, 60, 90, 135, 180].flatMap((v) => [v, -v].map((d) => [v, [d, 1, 0, 0]])),
  scale: [0.7, 0.8, 0.9, 1.1, 1.2, 1.35].map((v) => [v, [0, v, 0, 0]]),
  "shift, px": [40, 80, 120].flatMap((v) =>
    [0, 90, 180, 270]
      .map((d) => d + 23)
      .map((d) => [v, [0, 1, v * Math.cos((d * Math.PI) / 180), v * Math.sin((d * Math.PI) / 180)]]),
  ),
};

async function capture(peer, scratch) {
  const { truth } = await peer.ask("affine alone");
  withPair(scratch, (arena, fixed, moving) => {
    for (const [what, rungs] of Object.entries(ladder)) {
      const told = new Map();
      for (const [rung, pose] of rungs) {
        const random = seededRandom(1);
        const about = off(truth, ...pose);
        const [best] = searchMutualInformation(arena, fixed, moving, {
          ...far,
          family: "affine",
          random,
          start: about,
        });
        const start = best?.movingFromFixed ?? about;
        const fit = registerMutualInformation(arena, fixed, moving, {
          family: "affine",
          metric: "mattes",
          random,
          start,
        });
        const found = gridError(fit.movingFromFixed, rowsOf(truth), side, side) <= failure;
        told.set(rung, [...(told.get(rung) ?? []), found]);
      }
      const text = [...told].map(([rung, all]) => `${rung}: ${all.filter(Boolean).length}/${all.length}`).join(", ");
      console.log(`Capture with a search, ${what}: ${text}`);
    }
  });
}

export async function bench({ inputs, peers, python, scratch, runs, informationPairs = 36 }) {
  if (!python) return;
  const alone = spawnSync("elastix", ["--version"]).status !== 0;
  if (alone) console.log("\nelastix is not there: skipped");
  const peer = startPeer(python, peers, inputs, scratch);
  console.log("\n## mutual information, 1 MP, one lane and one thread\n");
  if (!alone) {
    console.log("| | ours | elastix 4 × 150 | ours / elastix |\n| --- | ---: | ---: | ---: |");
    for (const family of ["rigid", "affine"]) await workload(peer, family, scratch, runs);
  }
  await capture(peer, scratch);
  const pairs = [];
  for (let i = 0; i < informationPairs; i++) pairs.push(await heldOut(peer, scratch, alone));
  peer.end();
  const [e, t] = ["error", "theirError"].map((key) => median(pairs.map((r) => r[key])));
  const failures = (key) => pairs.filter((r) => !(r[key] <= failure));
  console.log(`\n| ${pairs.length} random pairs | ours | elastix | ours / elastix |\n| --- | ---: | ---: | ---: |`);
  console.log(`| median error, px | ${e.toFixed(4)} | ${t.toFixed(4)} | ${(e / t).toFixed(2)} |`);
  console.log(`| failures (over ${failure} px) | ${failures("error").length} | ${failures("theirError").length} | |`);
  console.log(`\nError over the expected one, median: ${median(pairs.map((r) => r.error / r.sigma)).toFixed(2)}`);
  const marks = (r) =>
    [
      ["expected error", r.sigma > largeSigma],
      ["margin", r.margin < smallMargin],
      ["not where the search led", r.apart > failure],
      ["not converged", !r.converged],
    ]
      .filter(([, is]) => is)
      .map(([name]) => name);
  for (const r of failures("error"))
    console.log(
      `failure: ${r.error.toFixed(3)} px, expected ${r.sigma.toFixed(4)}, margin ${r.margin.toFixed(2)}, from the search's ` +
        `${r.apart.toFixed(3)} px: marked by ${marks(r).join(", ") || "nothing"}`,
    );
  const good = pairs.filter((r) => r.error <= failure);
  console.log(`${good.filter((r) => marks(r).length > 0).length} of ${good.length} others are marked too`);
}
