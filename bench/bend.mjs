// Maps that bend: a thin-plate spline of 500 landmarks with its smoothing chosen by leaving each out, and how exactly and how fast
// splines, fields and chains are reversed all over an image. Beside scipy where python3 has it.
// Usage: npm run bench -- bend [--runs N]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { invert, sequence } from "../dist/src/core/transform.js";
import { kernels } from "../dist/src/kernel/lane.js";
import { chooseSmoothing } from "../dist/src/math/bending/smoother.js";
import { thinPlateSmoother } from "../dist/src/math/bending/thin-plate-smoother.js";
import { mapPoints } from "../dist/src/math/map-points.js";
import { blockPositions, pixelMapping } from "../dist/src/math/positions.js";
import { seededRandom } from "../dist/src/math/random.js";

const side = 1000;
const grid = { width: side, height: side, worldFromPixel: [1, 0, 0, 0, 1, 0], crs: "px" };
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

function landmarks(count, seed) {
  const random = seededRandom(seed);
  const places = Float64Array.from({ length: 2 * count }, () => side * random());
  const values = places.map((v, i) => v + 8 * Math.sin(places[i & ~1] / 120 + places[i | 1] / 300 + (i & 1)));
  return { places, values: values.map((v) => v + 0.3 * (random() - 0.5)), weight: new Float64Array(count).fill(1) };
}

/** Milliseconds: all of it, and of that the preparation that every smoothing shares. */
function thinPlate({ places, values, weight }) {
  const arena = kernels().arena();
  const began = performance.now();
  const smoother = thinPlateSmoother(arena, places, weight).value;
  const prepared = performance.now();
  const { transform } = smoother.solve(values, chooseSmoothing(smoother, values));
  const ended = performance.now();
  arena[Symbol.dispose]();
  return { ms: ended - began, prepared: prepared - began, transform };
}

function maps() {
  const random = seededRandom(2);
  const tps = thinPlate(landmarks(120, 3)).transform;
  const lattice = { width: 15, height: 15, worldFromPixel: [80, 0, -60, 0, 80, -60], crs: "px" };
  const bspline = {
    type: "bspline",
    lattice,
    coefficients: Float64Array.from({ length: 450 }, () => 30 * (random() - 0.5)),
  };
  const field = { width: 101, height: 101, worldFromPixel: [10, 0, -0.5, 0, 10, -0.5], crs: "px" };
  const offsets = Float32Array.from({ length: 2 * 101 * 101 }, (_, k) => {
    const [i, j] = [(k >> 1) % 101, Math.floor((k >> 1) / 101)];
    return 9 * Math.sin(i / 12 + (k & 1)) * Math.cos(j / 10);
  });
  const displacement = { type: "displacement", grid: field, offsets };
  const affine = { type: "affine", matrix: [0.9, 0.25, 20, -0.25, 0.95, 60] };
  return {
    tps,
    bspline,
    displacement,
    "affine, bspline, tps": sequence(affine, bspline, tps),
    "inverse tps, affine, bspline": sequence(invert(tps), affine, bspline),
  };
}

/** Longest way between a pixel and where it comes back to, when pixels are pulled through the reverse; and milliseconds for 1 MP. */
function reversed(transform) {
  const began = performance.now();
  const pulled = new Float64Array(2 * side * side);
  for (let y = 0; y < side; y += 500) {
    for (let x = 0; x < side; x += 500) {
      const arena = kernels().arena();
      const at = blockPositions(arena, pixelMapping(invert(transform), grid, grid), { x, y, width: 500, height: 500 });
      const block = arena.f64(at, 2 * 500 * 500);
      for (let row = 0; row < 500; row++)
        pulled.set(block.subarray(1000 * row, 1000 * (row + 1)), 2 * ((y + row) * side + x));
      arena[Symbol.dispose]();
    }
  }
  const ms = performance.now() - began;
  const back = mapPoints(transform, pulled);
  let worst = 0;
  for (let i = 0; i < side * side; i++) {
    if (Number.isNaN(pulled[2 * i])) continue;
    worst = Math.max(worst, Math.hypot(back[2 * i] - (i % side), back[2 * i + 1] - Math.floor(i / side)));
  }
  return { ms, worst };
}

/** Milliseconds of scipy's thin-plate fit of 500 points with a smoothing that is given. */
function scipy() {
  const script = fileURLToPath(new URL("bend_scipy.py", import.meta.url));
  for (const python of ["/usr/bin/python3", "python3"]) {
    const done = spawnSync(python, [script], { encoding: "utf8" });
    if (done.status === 0) return Number(done.stdout);
  }
  return Number.NaN;
}

export async function bench({ runs }) {
  const set = landmarks(500, 1);
  const [ours, prepared, theirs] = [[], [], []];
  for (let round = -1; round < runs; round++) {
    const got = thinPlate(set);
    const peer = scipy();
    if (round < 0) continue;
    ours.push(got.ms);
    prepared.push(got.prepared);
    theirs.push(peer);
  }
  console.log("\n## bend\n\n500 landmarks, thin-plate spline, one lane\n");
  console.log(
    `leave-one-out at 24 smoothings and the fit: ${median(ours).toFixed(1)} ms (of it ${median(prepared).toFixed(1)} before the first)`,
  );
  const other = median(theirs);
  if (Number.isFinite(other))
    console.log(`scipy RBFInterpolator, one fit of a given smoothing: ${other.toFixed(1)} ms, all of its threads`);
  console.log("\nreverse of a map, 1 MP of pixels and back: longest error, time\n");
  for (const [name, transform] of Object.entries(maps())) {
    const { ms, worst } = reversed(transform);
    console.log(`${name.padEnd(30)} ${worst.toFixed(4)} px ${ms.toFixed(0).padStart(7)} ms`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bench({ runs: Number(process.argv[2] ?? 3) });
