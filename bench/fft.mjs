// Times Fourier transforms on one lane, beside scipy on one thread in the same rounds where python3 has it.
// Usage: npm run bench -- fft [--runs N]
import { spawn, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { kernels } from "../dist/src/kernel/lane.js";
import { complexPlane, fft2 } from "../dist/src/math/fft.js";
import { seededRandom } from "../dist/src/math/random.js";
import { realFft2, realPlane } from "../dist/src/math/real-fft.js";

/** How often a round repeats a transform: about 20 ms of work. */
const repeats = (n) => Math.max(1, Math.round(6e6 / (n * n)));

function ours(kind, n) {
  const arena = kernels().arena();
  const random = seededRandom(1);
  const fill = (at, count) => {
    const values = arena.f32(at, count);
    for (let i = 0; i < count; i++) values[i] = random() - 0.5;
  };
  if (kind === "real") {
    const f = realPlane(arena, n, n);
    fill(f.at, f.stride * n);
    return () => arena.free(realFft2(arena, f, n, n).re);
  }
  const f = complexPlane(arena, n, n);
  fill(f.re, f.stride * n);
  fill(f.im, f.stride * n);
  return () => arena.free(fft2(arena, f, n, n).re);
}

/** scipy in a process of its own that does for each line what it says, and answers with milliseconds per transform. */
function startPeer() {
  const code = `
import sys, time, numpy as np, scipy.fft as fft
made = {}
for line in sys.stdin:
    kind, n, count = line.split()
    n, count = int(n), int(count)
    if (kind, n) not in made:
        a = np.random.default_rng(1).random((n, n), np.float32)
        made[kind, n] = a if kind == "real" else a + 1j * a
    a = made[kind, n]
    transform = fft.rfft2 if kind == "real" else fft.fft2
    began = time.perf_counter()
    for _ in range(count): transform(a, workers=1)
    print((time.perf_counter() - began) * 1e3 / count, flush=True)`;
  const python = ["/usr/bin/python3", "python3"].find(
    (command) => spawnSync(command, ["-c", "import scipy.fft"], { stdio: "ignore" }).status === 0,
  );
  if (!python) return undefined;
  const child = spawn(python, ["-c", code], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async time(kind, n) {
      child.stdin.write(`${kind} ${n} ${repeats(n)}\n`);
      return Number((await lines.next()).value);
    },
    end: () => child.stdin.end(),
  };
}

const best = (values) => Math.min(...values);

export async function bench({ runs: rounds }) {
  const peer = startPeer();
  console.log(
    `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}, one lane, best of ${rounds} rounds`,
  );
  if (!peer) console.log("scipy for python3 is not here (apt install python3-scipy): no ratios");
  console.log(
    `${"transform, float32".padEnd(24)}${"ms".padStart(9)}${"Gflop/s".padStart(9)}${"scipy ms".padStart(10)}${"ratio".padStart(8)}`,
  );
  for (const kind of ["complex", "real"]) {
    for (const n of [64, 128, 192, 256, 384, 512, 1024, 2048]) {
      const run = ours(kind, n);
      const mine = [];
      const theirs = [];
      for (let round = -1; round < rounds; round++) {
        const began = performance.now();
        for (let i = 0; i < repeats(n); i++) run();
        const took = (performance.now() - began) / repeats(n);
        const other = peer ? await peer.time(kind, n) : Number.NaN;
        if (round < 0) continue; // warm-up
        mine.push(took);
        theirs.push(other);
      }
      const ms = best(mine);
      const flops = (kind === "real" ? 2.5 : 5) * n * n * 2 * Math.log2(n);
      const known = Number.isFinite(best(theirs));
      console.log(
        `${kind} ${n} x ${n}`.padEnd(24) +
          ms.toFixed(3).padStart(9) +
          (flops / ms / 1e6).toFixed(1).padStart(9) +
          (known ? best(theirs).toFixed(3) : "-").padStart(10) +
          (known ? (ms / best(theirs)).toFixed(2) : "-").padStart(8),
      );
    }
  }
  peer?.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bench({ runs: Number(process.argv[2] ?? 9) });
