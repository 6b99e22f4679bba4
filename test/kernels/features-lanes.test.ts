import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { attachKernels, kernels, shareKernels } from "../../src/kernel/lane.js";
import { nearest } from "../../src/math/features/nearest.js";
import { orbFeatures } from "../../src/math/features/orb.js";
import { detectSift } from "../../src/math/features/sift.js";
import { describeSift } from "../../src/math/features/sift-describe.js";
import { texturedScene, viewOf } from "../support/scene.js";

const lane = new URL("../../dist/src/kernel/lane.js", import.meta.url);
const workers: Worker[] = [];
afterAll(() => Promise.all(workers.map((worker) => worker.terminate())));

/** Threads that help with every kernel call, until they are ended. */
function helpers(shared: ReturnType<typeof shareKernels>, count: number): Promise<unknown> {
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.lane).then(({ attachKernels }) => {
      const { board } = attachKernels(workerData.shared, workerData.number);
      parentPort.postMessage("ready");
      for (;;) {
        const seen = board.generation;
        if (!board.help()) board.sleep(seen, 50);
      }
    });`;
  return Promise.all(
    Array.from({ length: count }, (_, i) => {
      const worker = new Worker(code, { eval: true, workerData: { lane: lane.href, shared, number: i + 1 } });
      workers.push(worker);
      return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    }),
  );
}

test.skipIf(!existsSync(fileURLToPath(lane)))(
  "one lane and three give the same features and matches (needs a build)",
  async () => {
    const [width, height] = [500, 400];
    const gray = { width, height, pixels: viewOf(texturedScene(5), { width, height, noise: 2 }).map((v) => v / 255) };
    const all = () => {
      const sift = describeSift(gray, detectSift(gray, { upsample: false, bandRows: 100 }));
      const orb = orbFeatures(gray, { grain: 8 });
      return { sift, orb, near: nearest(sift, sift), nearOrb: nearest(orb, orb) };
    };
    expect(kernels().lanes).toBe(1);
    const alone = all();
    const shared = shareKernels(3, 1e9);
    attachKernels(shared, 0);
    await helpers(shared, 2);
    expect(kernels().lanes).toBe(3);
    for (let n = 0; n < 3; n++) expect(all()).toEqual(alone);
  },
);
