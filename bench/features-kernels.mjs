// Times feature detection, description and matching on one lane, beside OpenCV on the same pixels in the same rounds.
// Usage: npm run bench -- features-kernels [--runs N], or node bench/features-kernels.mjs [rounds]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { kernels } from "../dist/src/kernel/lane.js";
import { blurPlane } from "../dist/src/math/blur.js";
import { nearest } from "../dist/src/math/features/nearest.js";
import { orbFeatures } from "../dist/src/math/features/orb.js";
import { detectSift } from "../dist/src/math/features/sift.js";
import { describeSift } from "../dist/src/math/features/sift-describe.js";
import { emptyPlane } from "../dist/src/math/plane.js";
import { seededRandom } from "../dist/src/math/random.js";
import { machineLine, median, pythonWith } from "./measure.mjs";

const side = 1600;
const count = 4000;

/** Noise in four sizes, which has structure at every scale, as bytes and as 0..1. */
function texture() {
  const arena = kernels().arena();
  const random = seededRandom(1);
  const sum = new Float32Array(side * side);
  for (const sigma of [1.2, 3, 8, 20]) {
    const plane = emptyPlane(arena, side, side);
    for (let y = 0; y < side; y++) {
      const row = arena.f32(plane.at + 4 * y * plane.stride, side);
      for (let x = 0; x < side; x++) row[x] = random() - 0.5;
    }
    const soft = blurPlane(arena, plane, sigma);
    for (let y = 0; y < side; y++) {
      const row = arena.f32(soft.at + 4 * y * soft.stride, side);
      for (let x = 0; x < side; x++) sum[y * side + x] += sigma * row[x];
    }
  }
  arena[Symbol.dispose]();
  return Uint8Array.from(sum, (v) => Math.min(255, Math.max(0, Math.round(128 + 180 * v))));
}

/** The same descriptors with some noise, so that matching has something to find. */
function noisy(features, change) {
  const random = seededRandom(2);
  return { ...features, descriptors: features.descriptors.map((v) => change(v, random)) };
}

function contenders(bytes) {
  const gray = { width: side, height: side, pixels: Float32Array.from(bytes, (v) => v / 255) };
  const sift = { maxKeypoints: count, upsample: true };
  const keypoints = detectSift(gray, sift);
  const described = describeSift(gray, keypoints, { limit: count });
  const orb = orbFeatures(gray, { maxKeypoints: count });
  const otherSift = noisy(described, (v, random) => Math.min(255, Math.max(0, v + Math.floor(41 * random()) - 20)));
  const otherOrb = noisy(orb, (v, random) => v ^ (random() < 0.5 ? 1 << Math.floor(8 * random()) : 0));
  return {
    "sift detect": () => detectSift(gray, sift),
    "sift describe": () => describeSift(gray, keypoints),
    "sift match": () => nearest(described, otherSift),
    orb: () => orbFeatures(gray, { maxKeypoints: count }),
    "orb match": () => nearest(orb, otherOrb),
  };
}

/** OpenCV in a process of its own that does one operation for each line it reads. */
function startPeer(python, bytes, folder) {
  const file = join(folder, "features.raw");
  writeFileSync(file, bytes);
  const script = fileURLToPath(new URL("features_opencv.py", import.meta.url));
  const child = spawn(python, [script, file, String(side), "1"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async time(name) {
      child.stdin.write(`${name}\n`);
      return Number((await lines.next()).value);
    },
    end: () => child.stdin.end(),
  };
}

export async function bench({ runs, python = pythonWith("numpy, cv2"), scratch }) {
  const folder = scratch ?? mkdtempSync(join(tmpdir(), "tiepoint-bench-"));
  const bytes = texture();
  const ours = contenders(bytes);
  const peer = python ? startPeer(python, bytes, folder) : undefined;
  console.log(`\n## features-kernels\n\n${machineLine()}\n${side} x ${side}, ${count} keypoints, one lane each\n`);
  if (!peer) console.log("OpenCV for python3 is not here (apt install python3-opencv): no ratios\n");
  console.log("| | ours ms | OpenCV ms | ratio |\n| --- | ---: | ---: | ---: |");
  for (const [name, run] of Object.entries(ours)) {
    const times = [];
    const theirs = [];
    for (let round = -1; round < runs; round++) {
      const began = performance.now();
      run();
      const took = performance.now() - began;
      const peerTook = peer ? await peer.time(name) : Number.NaN;
      if (round < 0) continue; // warm-up
      times.push(took);
      theirs.push(peerTook);
    }
    const [a, b] = [median(times), median(theirs)];
    const cell = (v, digits) => (Number.isFinite(v) ? v.toFixed(digits) : "-");
    console.log(`| ${name} | ${cell(a, 1)} | ${cell(b, 1)} | ${cell(b / a, 2)}x |`);
  }
  peer?.end();
  if (!scratch) rmSync(folder, { recursive: true, force: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bench({ runs: Number(process.argv[2] ?? 5) });
