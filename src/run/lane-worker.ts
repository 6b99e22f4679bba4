import { AsyncLocalStorage } from "node:async_hooks";
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import type { AnyPlugin, Context, Registry } from "../core/plugin.js";
import { pluginId } from "../core/plugin.js";
import { seededRandom } from "../core/random.js";
import { attachKernels } from "../kernel/lane.js";
import { execute, resultOfThrown } from "./execute.js";
import { digestFile, digestOutput } from "./files.js";
import type { FromLane, Job, JobResult, LaneStart, ToLane } from "./protocol.js";
import { writeReport } from "./report-access.js";
import { Store } from "./store.js";
import { withModuleDigest } from "./user-plugins.js";
import { Values } from "./values.js";

/**
 * A lane: a worker thread that does one job at a time, helps other lanes with their kernels while it has none, and sleeps when
 * there is nothing to help with.
 */
const { kernels, lane, port, store: places, catalogueUrl, pluginUrls } = workerData as LaneStart;
const { board, heap } = attachKernels(kernels, lane);
const store = new Store(places.folder, places.layers);

const ABORT_POLL_MS = 50;
/** Replaced for each job: a plugin may keep the signal. */
let signal = new AbortController().signal;

/** Rejections that nobody has handled yet. One that stays at the end of a job was lost by the plugin. */
const lost = new Map<Promise<unknown>, unknown>();
/** The job that code runs for; what an earlier job left behind may still fail during a later one, and is not the later one's fault. */
const current = new AsyncLocalStorage<object>();
let job: object = {};
process.on("unhandledRejection", (reason, promise) => {
  if (current.getStore() === job) lost.set(promise, reason);
});
process.on("rejectionHandled", (promise) => lost.delete(promise));

const say = (message: FromLane): void => port.postMessage(message);

async function loadRegistry(): Promise<Registry & Catalogue> {
  const extra: Record<string, AnyPlugin> = {};
  for (const url of pluginUrls) {
    const loaded = (await import(url)) as { default: AnyPlugin | readonly AnyPlugin[] };
    for (const plugin of [loaded.default].flat() as AnyPlugin[])
      extra[pluginId(plugin)] = withModuleDigest(plugin, url);
  }
  const catalogue = (await import(catalogueUrl)) as {
    registry(extra: Readonly<Record<string, AnyPlugin>>): Registry;
    encodePicture?: Catalogue["encode"];
  };
  return { ...catalogue.registry(extra), encode: catalogue.encodePicture };
}

interface Catalogue {
  readonly encode: import("../core/record.js").RunAccess["encode"] | undefined;
}

/** A signal that is also right for code that only looks at `aborted` and never lets the event loop turn. */
function newSignal(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const reason = () => new DOMException("The run was cancelled", "AbortError");
  const timer = setInterval(() => board.aborted && controller.abort(reason()), ABORT_POLL_MS);
  Object.defineProperties(controller.signal, {
    aborted: { get: () => board.aborted },
    throwIfAborted: {
      value: () => {
        if (board.aborted) throw reason();
      },
    },
  });
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}

const loading = loadRegistry();
const values = loading.then(
  (registry) =>
    new Values(
      store,
      registry,
      // An image outlives the task that built it, so it may not be bound to that task's share.
      (seed): Context => ({ signal, random: seededRandom(seed), memory: heap.limit, progress: () => undefined }),
    ),
);
values.catch(() => undefined);

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Rejections show up as unhandled only after a turn of the event loop. */
async function settled(): Promise<void> {
  await turn();
  for (const reason of lost.values()) throw reason;
}

async function work(id: number, job: Job): Promise<JobResult> {
  switch (job.type) {
    case "digest": {
      const file = job.isOutput ? digestOutput(job.path) : digestFile(job.path);
      return file.ok ? { type: "digested", file: file.value } : { type: "failed", diagnostics: file.diagnostics };
    }
    case "task": {
      const progress = (fraction: number) => say({ type: "progress", id, fraction });
      return execute(job.task, { store, values: await values, signal, progress, settled });
    }
    case "report": {
      return { type: "reported", ...(await writeReport(job.report, await values, (await loading).encode)) };
    }
  }
}

async function handle(id: number, given: Job): Promise<void> {
  const stoppable = newSignal();
  signal = stoppable.signal;
  job = {};
  lost.clear();
  const what = given.type === "task" ? given.task.plugin : given.type;
  let result: JobResult;
  try {
    result = await current.run(job, () => work(id, given));
  } catch (error) {
    result = resultOfThrown(error, board.aborted, what);
  } finally {
    stoppable.stop();
  }
  say({ type: "result", id, result, peakBytes: process.resourceUsage().maxRSS * 1024 });
}

say({ type: "ready" });
for (;;) {
  const seen = board.generation;
  const received = receiveMessageOnPort(port) as { message: ToLane } | undefined;
  if (received) {
    const { message } = received;
    if (message.type === "files") (await values.catch(() => undefined))?.addFiles(message.files);
    else await handle(message.id, message.job);
  } else if (!board.help()) {
    // Lets what a plugin left behind (closing files, freeing handles) finish before the thread goes to sleep.
    await turn();
    if (board.generation === seen) board.sleep(seen, 1000);
  }
}
