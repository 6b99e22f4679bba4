// Times the image kernels on one lane, beside OpenCV on the same pixels in the same rounds where python3 has it.
// Usage: npm run bench -- kernels [--runs N], or node bench/kernels.mjs [rounds] [part of a name…]
import { spawn, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { kernels } from "../dist/src/kernel/lane.js";
import { blurPlane } from "../dist/src/math/blur.js";
import { emptyPlane } from "../dist/src/math/plane.js";
import { seededRandom } from "../dist/src/math/random.js";
import { warpBand } from "../dist/src/math/warp-kernel.js";

const size = 2048;
const k = kernels();
const arena = k.arena();
const random = seededRandom(1);

const f32 = emptyPlane(arena, size, size);
const out = emptyPlane(arena, size, size);
const other = emptyPlane(arena, size, size);
const u16 = arena.bytes(2 * size * size);
const u8 = arena.bytes(size * size);
const small = arena.bytes(2 * size * size);
for (let y = 0; y < size; y++) {
  const row = arena.f32(f32.at + 4 * y * f32.stride, size);
  for (let x = 0; x < size; x++) row[x] = Math.floor(65536 * random());
  arena.u16(u16 + 2 * y * size, size).set(row);
  arena.u8(u8 + y * size, size).set(row.map((v) => v / 256));
}
const line = k.scratch(arena, 4 * (2 * size + 128));
const hand = k.scratch(arena, 16 * 121 + 64);
const tables = arena.bytes(4 * 257 * 1024);
const padded = emptyPlane(arena, size + 16, size);
const weights = arena.put(Float32Array.from({ length: 49 }, (_, i) => 1 / (1 + (i % 7) + i / 7)));
const whole = { x: 0, y: 0, width: size, height: size };
const affine = [0.98, 0.12, 30, -0.12, 0.98, 150, 0, 0, 1];
const projective = [0.98, 0.12, 30, -0.12, 0.98, 150, 1e-6, 2e-6, 1];

const warp = (at, dtype, stride, interpolation, matrix) =>
  warpBand(
    arena,
    { at, dtype, stride, window: whole },
    { at: dtype === "float32" ? out.at : small, dtype, stride: dtype === "float32" ? out.stride : size, window: whole },
    matrix,
    { interpolation, fill: 0, keepClear: false },
  );

const plane = (p) => [p.at, p.stride];
const benches = {
  "blur f32 sigma 1.6": () => arena.free(blurPlane(arena, f32, 1.6).at),
  "gradient f32": () =>
    k.rows("gradient", size, [...plane(f32), out.at, other.at, out.stride, size, size, 0.25, 0.5, line]),
  "halve f32": () => k.rows("coarsen", size / 2, [...plane(f32), size, size, ...plane(out), 2]),
  "widen u16": () => k.rows("widen", size, [1, u16, size, ...plane(out), size, 1, 0, 0, 0]),
  "even light u16": () =>
    k.rows("evenLight", size, [1, small, size, f32.at, 0, 100, f32.stride, size, 100, 0, 0, 0, 0]),
  "narrow u16": () => k.rows("narrow", size, [1, ...plane(f32), small, size, size, 0, 0]),
  "median f32 3x3": () => k.rows("median", size, [...plane(f32), ...plane(out), size, size, 1, hand]),
  "median f32 5x5": () => k.rows("median", size, [...plane(f32), ...plane(out), size, size, 2, hand]),
  "bilateral f32 7x7": () => {
    k.rows("padColumns", size, [...plane(f32), ...plane(padded), size, 3]);
    k.rows("bilateral", size, [padded.at + 12, padded.stride, ...plane(out), size, size, 3, weights, 6000]);
  },
  "clahe u8": () => {
    k.rows("widen", size, [0, u8, size, ...plane(out), size, 1, 0, 0, 0]);
    k.rows("equaliseTables", 1024, [...plane(out), size, size, 0, 0, 64, 32, 0, 1, 256, 3, tables]);
    k.rows("equalise", size, [...plane(out), ...plane(out), size, 0, 0, 64, 32, 32, 0, 1, 256, tables, 255, 0]);
    k.rows("narrow", size, [0, ...plane(out), small, size, size, 0, 0]);
  },
  "warp u16 nearest affine": () => warp(u16, "uint16", size, "nearest", affine),
  "warp u8 linear affine": () => warp(u8, "uint8", size, "linear", affine),
  "warp u16 linear affine": () => warp(u16, "uint16", size, "linear", affine),
  "warp u16 cubic affine": () => warp(u16, "uint16", size, "cubic", affine),
  "warp f32 cubic affine": () => warp(f32.at, "float32", f32.stride, "cubic", affine),
  "warp u16 cubic projective": () => warp(u16, "uint16", size, "cubic", projective),
  "warp u16 mitchell affine": () => warp(u16, "uint16", size, "mitchell", affine),
  "warp u16 bspline3 affine": () => warp(u16, "uint16", size, "bspline3", affine),
  "warp u16 lanczos affine": () => warp(u16, "uint16", size, "lanczos3", affine),
};
/** OpenCV in a process of its own that does one operation for each line it reads, and answers with milliseconds. */
function startPeer() {
  const python = ["/usr/bin/python3", "python3"].find(
    (command) => spawnSync(command, ["-c", "import cv2, numpy"], { stdio: "ignore" }).status === 0,
  );
  if (!python) return undefined;
  const child = spawn(python, [fileURLToPath(new URL("kernels_opencv.py", import.meta.url)), String(size)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async time(name) {
      child.stdin.write(`${name}\n`);
      return Number((await lines.next()).value);
    },
    end: () => child.stdin.end(),
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

export async function bench({ runs: rounds, names = [] }) {
  const chosen = Object.keys(benches).filter((name) => names.length === 0 || names.some((part) => name.includes(part)));
  const peer = startPeer();
  console.log(
    `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}, ${size} x ${size}, one lane, ${rounds} rounds`,
  );
  if (!peer) console.log("OpenCV for python3 is not here (apt install python3-opencv): no ratios");
  console.log(
    `${"kernel".padEnd(28)}${"ms".padStart(8)}${"MPix/s".padStart(9)}${"OpenCV ms".padStart(11)}${"ratio".padStart(8)}`,
  );
  for (const name of chosen) {
    const ours = [];
    const theirs = [];
    for (let round = -1; round < rounds; round++) {
      const began = performance.now();
      benches[name]();
      const took = performance.now() - began;
      const took2 = peer ? await peer.time(name) : Number.NaN;
      if (round < 0) continue; // warm-up
      ours.push(took);
      theirs.push(took2);
    }
    const ms = median(ours);
    const cv = median(theirs);
    const known = Number.isFinite(cv);
    console.log(
      name.padEnd(28) +
        ms.toFixed(2).padStart(8) +
        (size ** 2 / 1e3 / ms).toFixed(0).padStart(9) +
        (known ? cv.toFixed(2) : "-").padStart(11) +
        (known ? (ms / cv).toFixed(2) : "-").padStart(8),
    );
  }
  peer?.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [runs = "9", ...names] = process.argv.slice(2);
  await bench({ runs: Number(runs), names });
}
