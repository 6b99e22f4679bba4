import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { problem } from "../core/diagnostic.js";
import { Board } from "../kernel/board.js";
import { type SharedKernels, shareKernels } from "../kernel/lane.js";
import type { SeenFile } from "./files.js";
import type { FromLane, Job, JobResult, LaneStart, ToLane } from "./protocol.js";

export interface LaneOptions {
  readonly lanes: number;
  /** Bytes of kernel memory that all lanes together may use. */
  readonly kernelMemory: number;
  readonly store: LaneStart["store"];
  readonly catalogueUrl: string;
  readonly pluginUrls: readonly string[];
}

export interface Finished {
  readonly result: JobResult;
  readonly peakBytes: number;
}

interface Pending {
  readonly id: number;
  readonly job: Job;
  readonly progress: ((fraction: number) => void) | undefined;
  readonly resolve: (finished: Finished) => void;
}

interface Lane {
  readonly worker: Worker;
  readonly port: MessagePort;
  job: Pending | undefined;
}

interface Team {
  readonly kernels: SharedKernels;
  readonly board: Board;
  readonly lanes: Lane[];
}

/**
 * A pool of worker threads that run jobs, one each at a time, and help each other's kernels.
 *
 * A lane that dies (out of memory, `process.exit` in a plugin) may leave locks and half-counted helpers in shared memory, so all lanes
 * are replaced together with that memory; its job fails and the others' jobs start again.
 */
export class Lanes {
  #team: Team;
  readonly #queue: Pending[] = [];
  #files: readonly SeenFile[] = [];
  #serial = 0;
  #closed = false;
  #idleDeaths = 0;

  constructor(private readonly options: LaneOptions) {
    this.#team = this.#start();
  }

  get count(): number {
    return this.options.lanes;
  }

  /** Jobs that are running or wait for a lane. */
  get busy(): number {
    return this.#queue.length + this.#team.lanes.filter((lane) => lane.job).length;
  }

  /** Tells every lane where input files are. */
  addFiles(files: readonly SeenFile[]): void {
    this.#files = [...this.#files, ...files];
    for (const lane of this.#team.lanes) post(lane, { type: "files", files });
    this.#team.board.wake();
  }

  /** Runs a job on the next free lane; the promise never rejects. */
  run(job: Job, progress?: (fraction: number) => void): Promise<Finished> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve({ result: { type: "aborted" }, peakBytes: 0 });
      this.#queue.push({ id: this.#serial++, job, progress, resolve });
      this.#dispatch();
    });
  }

  /** Stops kernels between two chunks of rows and tells plugins to stop; jobs that wait end at once. */
  abort(): void {
    this.#team.board.abort();
    for (const pending of this.#queue.splice(0)) pending.resolve({ result: { type: "aborted" }, peakBytes: 0 });
  }

  /** Ends all threads; jobs that still run end as aborted. */
  async close(): Promise<void> {
    this.#closed = true;
    this.abort();
    const { lanes } = this.#team;
    await Promise.all(lanes.map((lane) => lane.worker.terminate()));
    for (const lane of lanes) lane.job?.resolve({ result: { type: "aborted" }, peakBytes: 0 });
  }

  #start(): Team {
    const { lanes: count, kernelMemory, store, catalogueUrl, pluginUrls } = this.options;
    const kernels = shareKernels(count, kernelMemory);
    const team: Team = { kernels, board: new Board(kernels.board, -1, {}), lanes: [] };
    for (let lane = 0; lane < count; lane++) {
      const { port1, port2 } = new MessageChannel();
      const start: LaneStart = { kernels, lane, port: port2, store, catalogueUrl, pluginUrls };
      const worker = new Worker(workerUrl(), { workerData: start, transferList: [port2], stdout: true, stderr: true });
      // What a plugin prints is talk: it never mixes with a result on standard output.
      worker.stdout.on("data", (chunk) => process.stderr.write(chunk));
      worker.stderr.on("data", (chunk) => process.stderr.write(chunk));
      const one: Lane = { worker, port: port1, job: undefined };
      port1.on("message", (message: FromLane) => this.#hear(team, one, message));
      let reason = "the thread ended";
      worker.on("error", (error) => {
        reason = error.message;
      });
      worker.on("exit", () => {
        port1.close();
        this.#lost(team, one, reason);
      });
      team.lanes.push(one);
      if (this.#files.length > 0) post(one, { type: "files", files: this.#files });
    }
    return team;
  }

  #hear(team: Team, lane: Lane, message: FromLane): void {
    if (team !== this.#team || message.type === "ready" || lane.job?.id !== message.id) return;
    if (message.type === "progress") {
      lane.job.progress?.(message.fraction);
      return;
    }
    const { resolve } = lane.job;
    lane.job = undefined;
    resolve({ result: message.result, peakBytes: message.peakBytes });
    this.#dispatch();
  }

  #dispatch(): void {
    let posted = false;
    for (const lane of this.#team.lanes) {
      if (lane.job) continue;
      const next = this.#queue.shift();
      if (!next) break;
      lane.job = next;
      post(lane, { type: "job", id: next.id, job: next.job });
      posted = true;
    }
    if (posted) this.#team.board.wake();
  }

  #lost(team: Team, lane: Lane, reason: string): void {
    if (this.#closed || team !== this.#team) return;
    const again = team.lanes.filter((other) => other !== lane && other.job).map((other) => other.job!);
    const failed = lane.job;
    for (const other of team.lanes) {
      other.job = undefined;
      if (other !== lane) void other.worker.terminate();
    }
    const aborted = team.board.aborted;
    if (!failed && ++this.#idleDeaths > 3) {
      this.#giveUp([...again, ...this.#queue.splice(0)], reason);
      return;
    }
    this.#team = this.#start();
    if (aborted) this.#team.board.abort();
    this.#queue.unshift(...again);
    failed?.resolve({ result: { type: "failed", diagnostics: [crashed(failed.job, reason)] }, peakBytes: 0 });
    this.#dispatch();
  }

  /** Threads that end without a job to blame would be started for ever. */
  #giveUp(pending: readonly Pending[], reason: string): void {
    this.#closed = true;
    for (const one of pending) {
      one.resolve({ result: { type: "failed", diagnostics: [crashed(one.job, reason)] }, peakBytes: 0 });
    }
  }
}

const post = (lane: Lane, message: ToLane): void => lane.port.postMessage(message);

const crashed = (job: Job, reason: string) =>
  problem(
    "lane-crashed",
    `The worker thread of ${job.type === "task" ? job.task.plugin : job.type} ended before the step was done: ${reason}`,
    "If memory ran out, give more with --memory or run with --jobs 1; otherwise report it as a bug of the plugin.",
  );

/** From TypeScript sources, as in tests, threads run the built code. */
function workerUrl(): URL {
  return new URL(
    import.meta.url.endsWith(".ts") ? "../../dist/src/run/lane-worker.js" : "./lane-worker.js",
    import.meta.url,
  );
}
