import { dirname } from "node:path";
import { type Diagnostic, problem } from "../core/diagnostic.js";
import type { RunEvent, RunRecord } from "../core/record.js";
import type { Plan, Task } from "../pipeline/task.js";
import { Budget, defaultMemory } from "./budget.js";
import { environmentCodes, sweep, writeWhole } from "./disk.js";
import { diagnosticsOf } from "./execute.js";
import { type SeenFile, StatCache } from "./files.js";
import { checkGates } from "./gates.js";
import { IndexHeap } from "./heap.js";
import { Hits } from "./hits.js";
import { Inputs, isSameFile } from "./inputs.js";
import { Keys } from "./keys.js";
import { type Finished, Lanes } from "./lanes.js";
import { closeLock, type Lock, lockOf, openLock } from "./lock.js";
import type { RunOptions } from "./options.js";
import type { TaskEnvelope } from "./protocol.js";
import { runRecord, taskRecord } from "./record.js";
import { type Ending, type Fed, Schedule } from "./schedule.js";
import { select } from "./select.js";
import { type Action, type InputRef, stampOf } from "./store.js";
import { moduleDigests } from "./user-plugins.js";
import { openWorkspace, type Workspace } from "./workspace.js";

/** How long running steps may take to stop before their threads are ended. */
const STOP_MS = 3000;
/** How often to look whether another run has finished what this one waits for. */
const LOOK_AGAIN_MS = 150;
/** Tasks that are settled between two turns of the event loop. */
const SETTLE_AT_ONCE = 200;

interface Cost {
  readonly seconds: number;
  readonly peakBytes: number;
}
const free: Cost = { seconds: 0, peakBytes: 0 };

interface Candidate {
  readonly key: string;
  readonly inputs: Readonly<Record<string, InputRef>>;
}

/** Whether a step only says how an image comes about. */
const isLazy = ({ outputs, target }: Task): boolean =>
  !target && Object.values(outputs).every((type) => type === "image");

/**
 * One run of a plan, on the main thread, which only decides: what is stored already, what is next, what the gates say.
 *
 * Running steps finish when another one fails; what rests on the failed one does not start; independent branches go on.
 */
export class Runner {
  readonly #chosen: readonly boolean[];
  readonly #schedule: Schedule;
  readonly #budget: Budget;
  readonly #notes: Diagnostic[] = [];
  readonly #started = performance.now();
  /** Tasks that must be computed, and wait for a lane. */
  readonly #runnable = new IndexHeap();
  readonly #candidates = new Map<number, Candidate>();
  /** Tasks whose key is being computed by another run, or by another task of this one. */
  readonly #elsewhere = new Set<number>();
  readonly #told = new Set<number>();
  readonly #computing = new Set<string>();
  readonly #byKey = new Map<string, number>();
  readonly #redone = new Set<number>();
  /** Tasks that ran out of memory beside others, and get all of it for another try. */
  readonly #alone = new Set<number>();
  /** What went wrong in the machinery itself. */
  #failure: { readonly error: unknown } | undefined;
  #running = 0;
  #work!: Workspace;
  #inputs!: Inputs;
  #keys!: Keys;
  #hits!: Hits;
  #lanesNow: Lanes | undefined;
  #interrupted: string | undefined;
  /** The disk or the machine fails: what has not started would fail too. */
  #halted = false;
  #wake: () => void = () => undefined;

  constructor(
    readonly plan: Plan,
    readonly options: RunOptions & { readonly jobs: number },
    readonly tell: (event: RunEvent) => void,
  ) {
    this.#chosen = select(plan.tasks, options);
    this.#schedule = new Schedule(plan.tasks, this.#chosen);
    this.#budget = new Budget(options.memory ?? defaultMemory(), options.jobs);
  }

  async run(): Promise<RunRecord> {
    const { signal } = this.options;
    const stop = () => this.#stop();
    signal?.addEventListener("abort", stop);
    let record: RunRecord;
    try {
      this.#work = openWorkspace(this.options.storeDir, this.options.cache ?? "rw");
      try {
        record = await this.#runInside();
      } finally {
        await this.#lanesNow?.close();
        this.#work.close();
        if (this.#interrupted !== undefined) this.#sweep(true);
      }
    } catch (error) {
      this.#notes.push(...diagnosticsOf(error, "the run"));
      record = this.#record();
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    this.tell({ type: "run.end", record });
    return record;
  }

  async #runInside(): Promise<RunRecord> {
    const cache = new StatCache(this.options.storeDir);
    this.#inputs = new Inputs(cache);
    this.#sweep(false);
    if (this.options.signal?.aborted) this.#stop();
    const tasks = this.plan.tasks.filter((_, i) => this.#chosen[i]);
    const lock = await this.#prepare(tasks);
    if (!lock) return this.#record();

    await this.#loop();

    let record = this.#record();
    record = await this.#report(record);
    if (record.exit === 0) this.#notes.push(...closeLock(lock, this.options, this.#isPart, record));
    if (record.notes.length !== this.#notes.length) record = { ...this.#record(), outputs: record.outputs };
    for (const output of this.plan.tasks) {
      const seen = output.target && this.#inputs.seen.get(output.target.path);
      if (seen) cache.remember(seen, true);
    }
    cache.save();
    for (const path of this.options.recordPaths ?? []) writeWhole(path, `${JSON.stringify(record, null, 1)}\n`, "run");
    return record;
  }

  /** Looks at all files and at the lock. @returns what goes in, or `undefined` when the run must not start */
  async #prepare(tasks: readonly Task[]): Promise<Lock | undefined> {
    const files = tasks.flatMap((task) => Object.values(task.files ?? {}));
    const targets = tasks.flatMap((task) => (task.target ? [task.target] : []));
    for (const { path, name } of [...targets, ...(this.plan.report ? [this.plan.report] : [])]) {
      if (!files.some((file) => isSameFile(file, path))) continue;
      this.#notes.push(
        problem("output-is-input", `The output ${name} is one of the inputs`, "Give the output another name."),
      );
      return undefined;
    }
    const digest = (isOutput: boolean) => async (path: string) =>
      (await this.#lanes.run({ type: "digest", path, isOutput })).result;
    await this.#inputs.look(files, digest(false));
    const written = targets.map(({ path }) => path).filter((path) => stampOf(path) !== undefined);
    await this.#inputs.look(written, digest(true));
    this.#lanesNow?.addFiles([...this.#inputs.seen.values()]);
    this.#hits = new Hits(this.#work, this.#inputs.seen, this.options);
    this.#keys = new Keys(this.plan, this.#inputs.seen, this.options.version);

    const lock = lockOf(this.plan, this.#inputs.seen, moduleDigests(this.options.pluginUrls ?? []));
    const differences = openLock(lock, this.options, this.#isPart);
    this.#notes.push(...differences);
    if (differences.length > 0) return undefined;
    const keys = this.#keys.all();
    const cached = keys.filter((key, i) => this.#chosen[i] && this.#hits.mayFind(this.plan.tasks[i]!, key)).length;
    const { jobs } = this.options;
    this.tell({
      type: "run.start",
      pipeline: this.plan.name,
      tasks: tasks.length,
      cached,
      jobs,
      memory: this.#budget.total,
    });
    return lock;
  }

  get #isPart(): boolean {
    return !this.#chosen.every(Boolean);
  }

  /** Whether nothing new shall start. */
  get #stopped(): boolean {
    return this.#halted || this.#interrupted !== undefined;
  }

  /** Threads start when something must be computed, and not for a run that finds all done. */
  get #lanes(): Lanes {
    if (!this.#lanesNow) {
      const { folder, layers } = this.#work.store;
      this.#lanesNow = new Lanes({
        lanes: this.options.jobs,
        kernelMemory: this.#budget.kernelMemory,
        store: { folder, layers },
        catalogueUrl: this.options.catalogueUrl,
        pluginUrls: this.options.pluginUrls ?? [],
      });
      this.#lanesNow.addFiles([...this.#inputs.seen.values()]);
    }
    return this.#lanesNow;
  }

  async #loop(): Promise<void> {
    for (let settled = 0; this.#schedule.left > 0; settled++) {
      if (this.#failure) throw this.#failure.error;
      const index = this.#schedule.next();
      if (index !== undefined) {
        this.#settle(index);
        if (settled % SETTLE_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      this.#startRunnable();
      if (this.#schedule.left > 0 && !this.#schedule.hasNext) await this.#change();
    }
  }

  /** Waits until a task ends, the run is stopped, or it is time to look again at what is computed elsewhere. */
  async #change(): Promise<void> {
    if (this.#running === 0 && this.#runnable.size === 0 && this.#elsewhere.size === 0) {
      throw new Error("Internal error: tasks are left and none can run");
    }
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#elsewhere.size > 0) timer = setTimeout(resolve, LOOK_AGAIN_MS);
    });
    clearTimeout(timer);
    for (const index of this.#elsewhere) this.#consider(index, this.#candidates.get(index)!);
  }

  /** Decides what becomes of a task that waits for nothing more. */
  #settle(index: number): void {
    const task = this.plan.tasks[index]!;
    const fed: Fed = this.#schedule.feed(index);
    const files = this.#inputs.of(task);
    if (this.#stopped) this.#skip(index, false, "the run stopped");
    else if (!fed.runs) this.#skip(index, fed.hole, `${fed.because} gave nothing`);
    else if ("failed" in files) this.#fail(index, "", files.failed);
    else {
      const inputs: Record<string, InputRef> = { ...fed.inputs };
      for (const [port, { sha256, bytes }] of Object.entries(files.files)) inputs[port] = { sha256, bytes };
      this.#consider(index, { key: this.#keys.keyOf(index, fed.inputs), inputs });
    }
  }

  /** Takes what is stored, or lines the task up to be computed. */
  #consider(index: number, candidate: Candidate): void {
    const { key } = candidate;
    const hit = this.#hit(index, key);
    this.#elsewhere.delete(index);
    this.#candidates.set(index, candidate);
    if (hit) this.#finish(index, hit, "cached");
    else if (this.#stopped) this.#skip(index, false, "the run stopped");
    else this.#runnable.push(index);
  }

  /** The stored result of a task, unless it shall be made anew. */
  #hit(index: number, key: string): Action | undefined {
    if (this.#schedule.isRedone(index)) return undefined;
    return this.#hits.find(this.plan.tasks[index]!, key, this.#byKey.has(key));
  }

  /** Starts what is lined up, in the order of the plan, while lanes and memory are left. */
  #startRunnable(): void {
    for (let index: number | undefined; (index = this.#runnable.peek()) !== undefined; ) {
      if (this.#stopped) {
        this.#runnable.pop();
        this.#skip(index, false, "the run stopped");
        continue;
      }
      const { key } = this.#candidates.get(index)!;
      if (this.#running >= this.options.jobs) return;
      const share = this.#share(index);
      if (!this.#budget.take(share)) return;
      this.#runnable.pop();
      const isWrite = this.plan.tasks[index]!.target !== undefined;
      if (this.#computing.has(key) || (!isWrite && this.#work.leases?.take(key) === false)) {
        this.#budget.give(share);
        this.#wait(index);
        continue;
      }
      // Somebody may have finished it between the look and the lease.
      const hit = this.#hit(index, key);
      if (hit) {
        this.#release(key, share);
        this.#finish(index, hit, "cached");
        continue;
      }
      this.#compute(index, share).catch((error: unknown) => {
        this.#failure = { error };
        this.#wake();
      });
    }
  }

  /** Lets a task wait for another run, or another task of this one, that computes the same. */
  #wait(index: number): void {
    this.#elsewhere.add(index);
    if (this.#told.has(index)) return;
    this.#told.add(index);
    const note: Diagnostic = {
      severity: "info",
      code: "computed-elsewhere",
      message: "Waits for a run that computes this",
    };
    this.tell({ type: "note", id: this.plan.tasks[index]!.id, note });
  }

  #share(index: number): number {
    const task = this.plan.tasks[index]!;
    if (this.#alone.has(index)) return this.#budget.kernelMemory;
    // Writers and steps that give images go through windows; only what looks at whole images needs room for them.
    if (task.target || isLazy(task)) return this.#budget.shareOf([]);
    const images = Object.values(this.#candidates.get(index)!.inputs).flatMap((ref) =>
      ("items" in ref ? ref.items.map(([, one]) => one) : "key" in ref ? [ref] : []).flatMap(({ key, port }) => {
        const from = this.#byKey.get(key);
        const outputs = from === undefined ? [] : (this.#schedule.endings[from]?.action?.outputs ?? []);
        return outputs.flatMap((output) => (output.port === port && output.image ? [output.image] : []));
      }),
    );
    return this.#budget.shareOf(images);
  }

  async #compute(index: number, share: number): Promise<void> {
    const task = this.plan.tasks[index]!;
    const { key, inputs } = this.#candidates.get(index)!;
    const { id, step, plugin, version, params, seed, outputs, keep, target } = task;
    this.#computing.add(key);
    this.#running++;
    this.tell({ type: "task.start", id, step, plugin });
    const started = performance.now();
    // A lazy image takes nothing yet, and outlives this task: it may use what there is when it is read.
    const memory = isLazy(task) ? this.#budget.kernelMemory : share;
    const envelope: TaskEnvelope = {
      ...{ key, plugin, version, params, seed, inputs, outputs, keep, memory },
      ...(target === undefined ? {} : { target: target.path, provenance: this.#keys.provenance(index) }),
    };
    const finished = await this.#lanes.run({ type: "task", task: envelope }, (fraction) =>
      this.tell({ type: "task.progress", id, step, fraction }),
    );
    this.#running--;
    this.#release(key, share);
    if (!this.#tryAlone(index, finished, share)) this.#arrive(index, finished, (performance.now() - started) / 1000);
    this.#wake();
  }

  /** Lines a task up once more that lacked memory only because others ran beside it. */
  #tryAlone(index: number, { result }: Finished, share: number): boolean {
    const isShort = result.type === "failed" && result.diagnostics.some((d) => d.code === "memory-exceeded");
    if (!isShort || this.#stopped || share >= this.#budget.kernelMemory || this.options.jobs === 1) return false;
    this.#alone.add(index);
    this.#runnable.push(index);
    return true;
  }

  #release(key: string, share: number): void {
    this.#computing.delete(key);
    this.#work.leases?.release(key);
    this.#budget.give(share);
  }

  #arrive(index: number, { result, peakBytes }: Finished, seconds: number): void {
    const { key } = this.#candidates.get(index)!;
    const cost = { seconds, peakBytes };
    switch (result.type) {
      case "done":
        this.#finish(index, result.action, "computed", cost);
        break;
      case "failed":
        this.#fail(index, key, result.diagnostics, cost);
        break;
      case "aborted":
        this.#skip(index, false, "the run stopped");
        break;
      case "missing":
        this.#redo(index, result.key);
        break;
      default:
        throw new Error(`Internal error: a task came back as ${result.type}`);
    }
  }

  /** What an earlier task stored turned out to be damaged or gone: it runs again, and then this one. */
  #redo(index: number, missing: string): void {
    const { key } = this.#candidates.get(index)!;
    const from = this.#byKey.get(missing);
    if (from === undefined || this.#redone.has(from)) {
      const what = `What ${missing.slice(0, 12)} stored is gone or damaged`;
      this.#fail(index, key, [problem("store-damaged", what, "Run again with --cache w.")]);
      return;
    }
    this.#redone.add(from);
    this.#work.store.forget(missing);
    this.#schedule.redo(from, index);
  }

  #finish(index: number, action: Action, state: "computed" | "cached", cost: Cost = free): void {
    const task = this.plan.tasks[index]!;
    const { key } = this.#candidates.get(index)!;
    this.#byKey.set(key, index);
    const { gates, notes } = checkGates(task, action.metrics, action.verdict);
    const isRefused = notes.length > 0 && task.onFail !== "warn";
    const file = action.outputs.find((output) => output.type === "file");
    if (task.target && file && state === "computed") {
      const stamp = stampOf(task.target.path) ?? "";
      const seen = { path: task.target.path, sha256: file.digest, bytes: file.bytes ?? 0, stamp };
      this.#inputs.seen.set(task.target.path, seen);
    }
    this.#end(index, {
      state: isRefused ? "refused" : state,
      key,
      action,
      hole: isRefused && task.onFail === "skip",
      gates,
      notes: [...action.notes, ...notes],
      ...cost,
    });
  }

  #fail(index: number, key: string, notes: readonly Diagnostic[], cost: Cost = free): void {
    if (notes.some((note) => environmentCodes.has(note.code))) this.#halted = true;
    const hole = this.options.keepGoing === true && this.plan.tasks[index]!.item !== undefined;
    this.#end(index, { state: "failed", key, hole, gates: [], notes, ...cost });
  }

  #skip(index: number, hole: boolean, because: string): void {
    const note: Diagnostic = { severity: "info", code: "not-run", message: `Not run, because ${because}` };
    this.#end(index, { state: "skipped", key: "", hole, gates: [], notes: [note], ...free });
  }

  #end(index: number, ending: Ending): void {
    const task = this.plan.tasks[index]!;
    this.#candidates.delete(index);
    this.#schedule.end(index, ending);
    for (const gate of ending.gates) this.tell({ type: "gate", id: task.id, gate });
    for (const note of ending.notes) this.tell({ type: "note", id: task.id, note });
    this.tell({ type: "task.end", record: taskRecord(this.plan, task, ending) });
  }

  #stop(): void {
    if (this.#interrupted !== undefined) return;
    const reason: unknown = this.options.signal?.reason;
    this.#interrupted = reason === "SIGTERM" ? "SIGTERM" : "SIGINT";
    const left = this.#schedule.left;
    this.#notes.push({
      severity: "info",
      code: "interrupted",
      message: `The run was interrupted with ${left} ${left === 1 ? "task" : "tasks"} left`,
      hint: "Run the same command again: it goes on where it stopped.",
    });
    this.#lanesNow?.abort();
    const timer = setTimeout(() => void this.#lanesNow?.close(), STOP_MS);
    timer.unref();
    this.#wake();
  }

  /** Writes the report, also of a run that failed or was refused. */
  async #report(record: RunRecord): Promise<RunRecord> {
    const { report } = this.plan;
    const { reportUrl } = this.options;
    if (!report || !reportUrl || this.#isPart || this.#interrupted !== undefined) return record;
    const keys = new Map(this.plan.tasks.map((task, i) => [task.id, this.#schedule.endings[i]?.key ?? ""]));
    const job = { type: "report", report: { module: reportUrl, record, keys, target: report.path } } as const;
    const { result } = await this.#lanes.run(job);
    if (result.type === "reported") {
      const { sha256, bytes } = result;
      return { ...record, outputs: [...record.outputs, { file: report.name, from: "report", sha256, bytes }] };
    }
    if (result.type === "failed") this.#notes.push(...result.diagnostics);
    return record;
  }

  #record(): RunRecord {
    return runRecord({
      plan: this.plan,
      tiepoint: this.options.version,
      seen: this.#inputs?.seen ?? new Map<string, SeenFile>(),
      endings: this.#schedule.endings,
      notes: [...this.#notes],
      interrupted: this.#interrupted,
      seconds: (performance.now() - this.#started) / 1000,
      jobs: this.options.jobs,
      memory: this.#budget.total,
    });
  }

  #sweep(mine: boolean): void {
    this.#work?.store.sweep(mine);
    const folders = this.plan.tasks.flatMap((task) => (task.target ? [dirname(task.target.path)] : []));
    if (this.plan.report) folders.push(dirname(this.plan.report.path));
    for (const folder of new Set(folders)) sweep(folder, mine);
  }
}
