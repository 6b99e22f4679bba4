// Turn, scale and shift of noisy pairs, beside the usual way of OpenCV and scikit-image: the same pixels in the same rounds, on one lane.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import plugin from "../dist/plugins/match/fourier-mellin/index.js";
import { pixelGrid } from "../dist/src/core/grid.js";
import { kernels } from "../dist/src/kernel/lane.js";
import { refinePlaces } from "../dist/src/math/fourier-mellin/refine.js";
import { searchSpectra } from "../dist/src/math/fourier-mellin/search.js";
import { intensityLevels } from "../dist/src/math/intensity/levels.js";
import { emptyPlane } from "../dist/src/math/plane.js";
import { median } from "./measure.mjs";

const [width, height] = [480, 400];

/** Turn in degrees, scale, shift as a share of the long side, noise in grey levels. */
const ladder = [
  ...[
    [10, 1.1],
    [45, 1.5],
    [180, 1],
  ].flatMap(([rotation, scale]) => [5, 10, 20].map((sigma) => ({ rotation, scale, shift: 0.1, sigma }))),
  ...[-150, -110, -75, -30, 20, 60, 90, 135].map((rotation, n) => ({
    rotation,
    scale: [0.5, 0.62, 0.8, 1, 1.25, 1.4, 1.7, 2][(3 * n) % 8],
    shift: [0, 0.1, 0.2, 0.3][n % 4],
    sigma: [10, 20][n % 2],
  })),
];

function scenesIn(shared) {
  const data = join(shared, "data");
  return [
    join(shared, "bench", "peers", "seed", "left.jpg"),
    join(shared, "bench", "peers", "seed", "right.jpg"),
    join(data, "grid-vem-3x3", "tiles", "tile_r01_c01.png"),
    join(data, "grid-tensile-4x4", "tiles", "x100_11x11_stitch_A06_I.tif"),
    join(data, "rotation-seed", "kevin.jpg"),
    join(data, "viewpoint-homogr", "BruggeSquareA.jpg"),
    join(data, "stack-lung-sem", "2016_12_02_0101_s00_05.png"),
    join(data, "multimodal-histology-lung", "Izd2-29-041-w35_HE.jpg"),
  ].filter((file) => existsSync(file));
}

export async function startPeer(python, scratch) {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const script = fileURLToPath(new URL("fourier_mellin_peers.py", import.meta.url));
  const child = spawn(python, [script, scratch], { stdio: ["pipe", "pipe", "inherit"], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const names = JSON.parse((await lines.next()).value);
  return {
    names,
    async make(asked) {
      child.stdin.write(`${JSON.stringify({ width, height, ...asked })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("the peers' process ended");
      const [fixed, moving] = ["fixed.raw", "moving.raw"].map(
        (name) => new Uint8Array(readFileSync(join(scratch, name))),
      );
      return { ...JSON.parse(value), fixed, moving };
    },
    end: () => child.stdin.end(),
  };
}

const memoryImage = (data) => ({
  grid: pixelGrid(width, height),
  dtype: "uint8",
  bands: ["gray"],
  meaning: "intensity",
  levels: [{ width, height }],
  tile: { width, height },
  async read({ x, y, width: w, height: h }) {
    const out = new Uint8Array(w * h);
    for (let j = 0; j < h; j++) out.set(data.subarray((y + j) * width + x, (y + j) * width + x + w), j * w);
    return { width: w, height: h, bands: ["gray"], data: out };
  },
});

/** Largest distance at the corners of the fixed image, pixels of moving. */
function errorOf(m, t) {
  const at = (a, x, y) => [a[0] * x + a[1] * y + a[2], a[3] * x + a[4] * y + a[5]];
  return Math.max(
    ...[0, width - 1].flatMap((x) =>
      [0, height - 1].map((y) => {
        const [[a, b], [c, d]] = [at(m, x, y), at(t, x, y)];
        return Math.hypot(a - c, b - d);
      }),
    ),
  );
}

/** The verdict's own run, as a pipeline makes it. */
export async function withVerdict(fixed, moving, params = {}) {
  const outcome = await plugin.run(
    { fixed: memoryImage(fixed), moving: memoryImage(moving) },
    { rotation: Math.PI, scale: 2, refine: true, maxSide: { value: 4096, unit: "px" }, ...params },
    { signal: new AbortController().signal, random: Math.random, memory: 1e9, progress: () => {} },
  );
  if (!outcome.ok) return { status: "failed", codes: outcome.diagnostics.map((d) => d.code) };
  const { transform, verdict } = outcome.value.transform;
  return { matrix: transform.matrix, ...verdict, codes: verdict.reasons.map((r) => r.code) };
}

/** In process: planes to the refined map. */
function ours({ fixed, moving }) {
  const arena = kernels().arena();
  const [f, m] = [fixed, moving].map((data) => {
    const plane = emptyPlane(arena, width, height);
    for (let y = 0; y < height; y++)
      arena.f32(plane.at + 4 * y * plane.stride, width).set(data.subarray(y * width, (y + 1) * width));
    return plane;
  });
  const began = performance.now();
  const limits = { rotation: Math.PI, scale: 2 };
  const places = searchSpectra(arena, f, m, [[1, 0, 0, 0, 1, 0, 0, 0, 1]], limits);
  const [best] = refinePlaces(arena, intensityLevels(arena, f), intensityLevels(arena, m), places);
  const ms = performance.now() - began;
  arena[Symbol.dispose]();
  return { ms, matrix: best?.fit.movingFromFixed, unrefined: best?.found.matrix };
}

export async function bench({ python, scratch, shared, unrelated = 60 }) {
  if (!python) return console.log("fourier-mellin: needs Python with numpy and cv2, which also makes the images");
  const peer = await startPeer(python, scratch);
  const scenes = scenesIn(shared);
  const names = ["tiepoint", "tiepoint, refine: false", ...peer.names];
  const errors = names.map(() => []);
  const times = names.map(() => []);
  const verdicts = { right: {}, wrong: {} };
  const ladders = new Map();
  let seed = 1000;
  for (const scene of scenes) {
    for (const step of ladder) {
      const pair = await peer.make({ scene, ...step, seed: seed++ });
      if (seed === 1001) ours(pair); // warm
      const own = ours(pair);
      const all = [own.matrix, own.unrefined, ...pair.peers.map(({ matrix }) => matrix)];
      for (const [i, matrix] of all.entries())
        errors[i].push(matrix ? errorOf(matrix, pair.truth) : Number.POSITIVE_INFINITY);
      for (const [i, ms] of [own.ms, Number.NaN, ...pair.peers.map(({ ms }) => ms)].entries()) times[i].push(ms);
      const said = await withVerdict(pair.fixed, pair.moving);
      const right = said.matrix && errorOf(said.matrix, pair.truth) <= 1;
      const list = right ? verdicts.right : verdicts.wrong;
      list[said.status] = (list[said.status] ?? 0) + 1;
      if (process.env.SHOW && (!right || said.status !== "accepted" || process.env.SHOW === "all"))
        console.log(
          scene.split("/").pop().slice(0, 14).padEnd(15),
          JSON.stringify(step),
          "error",
          errors.map((e) => e.at(-1).toFixed(2)).join(" "),
          said.status,
          said.codes.join(","),
          show(said.metrics),
        );
      const name = `${step.rotation} deg, ${step.scale}`;
      if (step.shift === 0.1 && [10, 45, 180].includes(step.rotation))
        ladders.set(name, [...(ladders.get(name) ?? []), errors.map((e) => e.at(-1))]);
    }
  }
  console.log(
    `\n## fourier-mellin, ${width} x ${height}, one lane and one thread, ${errors[0].length} pairs of ${scenes.length} scenes\n`,
  );
  console.log("| | within 0.3 px | within 1 px | within 10 px | median error of those, px | ms | ratio |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  const share = (list, most) => `${list.filter((e) => e <= most).length}`;
  names.forEach((name, i) => {
    const ms = median(times[i]);
    const near = errors[i].filter((e) => e <= 10);
    console.log(
      `| ${name} | ${[0.3, 1, 10].map((most) => share(errors[i], most)).join(" | ")} | ${median(near).toFixed(3)} | ${ms.toFixed(1)} | ${(ms / median(times[0])).toFixed(2)} |`,
    );
  });
  console.log(
    "\n| ladder | pairs | largest error, px | OpenCV within 10 px | largest of those |\n| --- | ---: | ---: | ---: | ---: |",
  );
  for (const [name, list] of ladders) {
    const theirs = list.map((e) => e[2]).filter((e) => e <= 10);
    console.log(
      `| ${name} | ${list.length} | ${Math.max(...list.map((e) => e[0])).toFixed(3)} | ${theirs.length} | ${Math.max(...theirs).toFixed(2)} |`,
    );
  }
  console.log(
    `\nverdicts on maps within 1 px: ${JSON.stringify(verdicts.right)}; on others: ${JSON.stringify(verdicts.wrong)}`,
  );
  const status = {};
  let most = [];
  for (let n = 0; n < unrelated; n++) {
    const [a, b] = [scenes[n % scenes.length], scenes[(n + 1 + Math.floor(n / scenes.length)) % scenes.length]];
    const step = { ...ladder[n % ladder.length], peers: false };
    const first = await peer.make({ ...step, scene: a, seed: seed++ });
    const second = await peer.make({ ...step, scene: b === a ? scenes[(n + 3) % scenes.length] : b, seed: seed++ });
    const said = await withVerdict(first.fixed, second.moving);
    status[said.status] = (status[said.status] ?? 0) + 1;
    if (said.metrics)
      most.push([
        said.metrics.margin.value,
        said.metrics["null-deviation"]?.value ?? 0,
        said.status,
        said.codes.join(","),
      ]);
  }
  most = most.sort((p, q) => q[0] - p[0]);
  console.log(
    `${unrelated} pairs of different scenes: ${JSON.stringify(status)}; largest margins ${most
      .slice(0, 3)
      .map(([m]) => m.toFixed(2))
      .join(", ")}; largest null-deviation ${Math.max(...most.map((m) => m[1])).toFixed(1)}`,
  );
  if (process.env.SHOW) for (const m of most.slice(0, 12)) console.log(m.join(" "));
  peer.end();
}

const show = (metrics) =>
  metrics
    ? [
        "spectrum-peak",
        "spectrum-peak-elsewhere",
        "peak",
        "margin",
        "half-turn-margin",
        "null-deviation",
        "expected-error",
        "agreement",
      ]
        .map((name) => `${name} ${metrics[name]?.value.toPrecision(3)}`)
        .join(" ")
    : "";
