import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll } from "vitest";
import { attachKernels, shareKernels } from "../../src/kernel/lane.js";

const lane = new URL("../../dist/src/kernel/lane.js", import.meta.url);
const workers: Worker[] = [];

/** Whether there is a build that other threads can run. */
export const canHelp = existsSync(fileURLToPath(lane));

/** Gives this thread kernels that `count` threads help with, until the tests of the file are over. */
export async function attachHelpers(count: number): Promise<void> {
  const shared = shareKernels(count + 1, 1e9);
  attachKernels(shared, 0);
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
  await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const worker = new Worker(code, { eval: true, workerData: { lane: lane.href, shared, number: i + 1 } });
      workers.push(worker);
      return new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    }),
  );
}

/** Ends the helpers after the tests of the file that calls it. */
export const endHelpers = (): void => afterAll(() => Promise.all(workers.map((worker) => worker.terminate())));
