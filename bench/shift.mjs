// Shifts between 50 noisy pairs of 512 x 512 pixels, in process, beside OpenCV and scikit-image in the same rounds; and 180 pairs of strips.
// Usage: npm run bench -- shift [--inputs DIR] [--runs N]
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { kernels } from "../dist/src/kernel/lane.js";
import { capturePairs } from "../dist/src/math/pairs/capture.js";
import { shiftOfPlanes } from "../dist/src/math/pairs/find-shift.js";
import { refinePairs } from "../dist/src/math/pairs/refine.js";
import { emptyPlane } from "../dist/src/math/plane.js";

const SIDE = 512;

/** Milliseconds of processor time that this process has had, all its threads. */
const processor = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

function plane(arena, values, width, height) {
  const made = emptyPlane(arena, width, height);
  const rows = arena.f32(made.at, made.stride * height);
  for (let y = 0; y < height; y++) rows.set(values.subarray(y * width, (y + 1) * width), y * made.stride);
  return made;
}

const rms = (errors) => Math.sqrt(errors.reduce((sum, [x, y]) => sum + x * x + y * y, 0) / errors.length);

/** Peers in a process of their own: a line with a method in, processor milliseconds per pair and shifts out. */
async function startPeer(python, folder, raw) {
  const child = spawn(python, [fileURLToPath(new URL("shift_peers.py", import.meta.url)), folder, raw], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => JSON.parse((await lines.next()).value);
  const { methods } = await answer();
  return {
    methods,
    async run(method) {
      child.stdin.write(`${method}\n`);
      return answer();
    },
    end: () => child.stdin.end(),
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

export async function bench({ runs, inputs, python, scratch }) {
  if (!python || !inputs) return console.log("shift: needs Python with numpy and cv2, which also reads the images");
  const folder = join(inputs, "fourier");
  const raw = join(scratch, "fourier.f32");
  const peer = await startPeer(python, folder, raw);
  const { shifts: truth } = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8"));
  const bytes = readFileSync(raw);
  const pixels = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const arena = kernels().arena();
  const planes = Array.from({ length: 51 }, (_, n) =>
    plane(arena, pixels.subarray(n * SIDE * SIDE, (n + 1) * SIDE * SIDE), SIDE, SIDE),
  );
  const ours = (search) => () => {
    const began = processor();
    const shifts = truth.map((_, n) => {
      const { fit } = shiftOfPlanes(arena, planes[0], planes[n + 1], [0, 0], search);
      return [-fit.x, -fit.y];
    });
    return { ms: (processor() - began) / truth.length, shifts };
  };
  const contenders = [
    ["tiepoint, any shift", ours({})],
    ["tiepoint, within 48 px", ours({ maxShift: 48 })],
    ...peer.methods.map((method) => [method, () => peer.run(method)]),
  ];
  const taken = new Map(contenders.map(([name]) => [name, []]));
  const errors = new Map();
  for (let round = -1; round < runs; round++) {
    for (const [name, run] of contenders) {
      const { ms, shifts } = await run();
      if (round >= 0) taken.get(name).push(ms);
      const list = shifts.map(([x, y], n) => [x - truth[n][0], y - truth[n][1]]);
      errors.set(name, rms(list));
    }
  }
  peer.end();
  console.log(`50 shifts up to 40 px of 512 x 512 pixels, one thread, processor time, median of ${runs} rounds`);
  const first = median(taken.get(contenders[0][0]));
  for (const [name] of contenders) {
    const ms = median(taken.get(name));
    console.log(
      `${name.padEnd(32)}${ms.toFixed(2).padStart(8)} ms a pair   rms ${errors.get(name).toFixed(4)} px   peer / ours ${(ms / first).toFixed(2)}`,
    );
  }
  strips(arena, runs);
}

/** 180 pairs of strips of 1024 x 150 pixels, as a grid of 10 x 10 tiles has. */
function strips(arena, runs) {
  const [width, height] = [1024, 150];
  const view = (dx, dy) =>
    plane(
      arena,
      Float32Array.from({ length: width * height }, (_, i) => {
        const [x, y] = [(i % width) + dx, Math.floor(i / width) + dy];
        return (
          100 +
          30 * Math.sin(x / 5 + Math.sin(y / 7)) +
          30 * Math.cos(y / 4 + x / 60) +
          20 * Math.sin((x * x) / 9000 + (y * y) / 700)
        );
      }),
      width,
      height,
    );
  const job = { a: view(0, 0), b: view(3.3, 2.2), expected: [5, 4], reach: [20, 20] };
  const jobs = Array.from({ length: 180 }, () => job);
  const took = [];
  for (let round = -1; round < runs; round++) {
    const began = processor();
    const places = capturePairs(arena, jobs);
    refinePairs(
      arena,
      jobs.map((one, n) => ({ ...one, start: [places[n].x, places[n].y] })),
    );
    if (round >= 0) took.push(processor() - began);
  }
  console.log(
    `180 pairs of strips of ${width} x ${height} pixels, reach 20 px, search and refinement: ${median(took).toFixed(0)} ms`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [inputs, scratch = "."] = process.argv.slice(2);
  const python = ["/usr/bin/python3", "python3"].find(
    (command) => spawnSync(command, ["-c", "import cv2"], { stdio: "ignore" }).status === 0,
  );
  await bench({ runs: 3, inputs, python, scratch });
}
