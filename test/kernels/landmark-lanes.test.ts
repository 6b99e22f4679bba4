import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { attachKernels, kernels, shareKernels } from "../../src/kernel/lane.js";
import { imagesOf, pointsOf, trained, wings } from "../support/wings.js";

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
  "one lane and three learn the same model, byte by byte (needs a build)",
  async () => {
    const some = await wings(1, 6);
    const learn = async () => {
      const quick = { levels: 2, trees: 4, searchTrees: 2, samples: 1200 };
      return (await trained(imagesOf(some), pointsOf(some), quick)).value;
    };
    expect(kernels().lanes).toBe(1);
    const alone = await learn();
    const shared = shareKernels(3, 1e9);
    attachKernels(shared, 0);
    await helpers(shared, 2);
    expect(kernels().lanes).toBe(3);
    expect(await learn()).toEqual(alone);
  },
);
