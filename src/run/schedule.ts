import type { Diagnostic } from "../core/diagnostic.js";
import type { GateRecord, TaskState } from "../core/record.js";
import type { Task } from "../pipeline/task.js";
import { IndexHeap } from "./heap.js";
import { feeding } from "./select.js";
import type { Action, InputRef } from "./store.js";
import type { PortRef } from "./value.js";

/** How a task came out, as far as others depend on it. */
export interface Ending {
  readonly state: TaskState;
  readonly key: string;
  /** What is stored of it; also of a refused task, whose figures may still be written. */
  readonly action?: Action;
  /** The item is given up: lists downstream go on without it. */
  readonly hole: boolean;
  readonly gates: readonly GateRecord[];
  readonly notes: readonly Diagnostic[];
  readonly seconds: number;
  readonly peakBytes: number;
}

/** What feeds a task that may run, or why it may not. */
export type Fed =
  | { readonly runs: true; readonly inputs: Readonly<Record<string, InputRef>> }
  | { readonly runs: false; readonly hole: boolean; readonly because: string };

/**
 * Who is next: keeps count of what each task waits for, and hands out ready tasks by their place in the plan.
 *
 * The order decides when things happen, never what comes out.
 */
export class Schedule {
  readonly endings: (Ending | undefined)[];
  readonly #waitsFor: Int32Array;
  readonly #feeds: number[][];
  readonly #ready = new IndexHeap();
  /** Tasks that wait for another one to be done anew. */
  readonly #again = new Map<number, number[]>();
  #left = 0;

  constructor(
    readonly tasks: readonly Task[],
    chosen: readonly boolean[],
  ) {
    this.endings = new Array(tasks.length).fill(undefined);
    this.#waitsFor = new Int32Array(tasks.length);
    this.#feeds = tasks.map(() => []);
    tasks.forEach((task, i) => {
      if (!chosen[i]) return;
      this.#left++;
      for (const j of new Set(feeding(task))) {
        this.#feeds[j]!.push(i);
        this.#waitsFor[i]!++;
      }
      if (this.#waitsFor[i] === 0) this.#ready.push(i);
    });
  }

  /** Tasks that have not ended. */
  get left(): number {
    return this.#left;
  }

  get hasNext(): boolean {
    return this.#ready.size > 0;
  }

  next(): number | undefined {
    return this.#ready.pop();
  }

  end(index: number, ending: Ending): void {
    const waiting = this.#again.get(index) ?? this.#feeds[index]!;
    this.#again.delete(index);
    this.endings[index] = ending;
    this.#left--;
    for (const i of waiting) if (--this.#waitsFor[i]! === 0) this.#ready.push(i);
  }

  /** Takes back that `index` ended, because what it stored is gone; `waiting` goes on when it has ended again. */
  redo(index: number, waiting: number): void {
    this.#waitsFor[waiting]!++;
    const others = this.#again.get(index);
    if (others) {
      others.push(waiting);
      return;
    }
    this.#again.set(index, [waiting]);
    this.endings[index] = undefined;
    this.#left++;
    this.#ready.push(index);
  }

  isRedone(index: number): boolean {
    return this.#again.has(index);
  }

  /** Looks at how the tasks ended that feed this one. */
  feed(index: number): Fed {
    const task = this.tasks[index]!;
    const inputs: Record<string, InputRef> = {};
    for (const [port, source] of Object.entries(task.inputs)) {
      if (!("items" in source)) {
        const one = this.#take(source, task);
        if (!one.ref) return { runs: false, hole: one.hole, because: one.because };
        inputs[port] = one.ref;
        continue;
      }
      const items: (readonly [string, PortRef])[] = [];
      let because = "";
      for (const [id, item] of source.items) {
        const one = this.#take(item, task);
        if (one.ref) items.push([id, one.ref]);
        else if (!one.hole) return { runs: false, hole: false, because: one.because };
        else because = one.because;
      }
      if (items.length === 0 && source.items.length > 0) return { runs: false, hole: true, because };
      inputs[port] = { items };
    }
    return { runs: true, inputs };
  }

  #take(source: { readonly task: number; readonly port: string; readonly item?: string }, by: Task): Taken {
    const ending = this.endings[source.task];
    const from = this.tasks[source.task]!;
    if (!ending) throw new Error(`Internal error: ${by.id} is ready before ${from.id}`);
    const isUsable = ending.state === "computed" || ending.state === "cached";
    // Figures and transforms of a refused step are written all the same, so that somebody can see why it was refused.
    const isFigure = by.target !== undefined && ending.state === "refused" && from.outputs[source.port] !== "image";
    if (!isUsable && !isFigure) return { hole: ending.hole, because: from.id };
    const { port, item } = source;
    return { ref: { key: ending.key, port, ...(item === undefined ? {} : { item }) }, hole: false, because: "" };
  }
}

interface Taken {
  readonly ref?: PortRef;
  readonly hole: boolean;
  readonly because: string;
}
