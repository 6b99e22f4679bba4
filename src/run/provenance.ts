import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Provenance } from "../core/plugin.js";
import { canonicalJson } from "../pipeline/key.js";
import type { Plan, Task } from "../pipeline/task.js";
import type { SeenFile } from "./files.js";
import { feeding } from "./select.js";

/** A file as told to others: relative to the pipeline where it lies below it, else its name alone. Never an absolute path. */
export function toldPath(plan: Pick<Plan, "file">, path: string): string {
  const told = relative(dirname(resolve(plan.file)), path);
  return told.startsWith("..") || isAbsolute(told) ? basename(path) : told.split(sep).join("/");
}

/** Where the values that write tasks write come from: every input file and every step before them, in order. */
export class Origins {
  /** Steps told once, as a plan may write thousands of files that share them. */
  readonly #steps = new Map<number, { readonly text: string; readonly step: Provenance["steps"][number] }>();

  constructor(
    private readonly plan: Plan,
    private readonly seen: ReadonlyMap<string, SeenFile>,
    private readonly tiepoint: string,
  ) {}

  of(index: number): Provenance {
    const { plan, seen, tiepoint } = this;
    const inputs: Provenance["inputs"][number][] = [];
    const steps = new Map<string, Provenance["steps"][number]>();
    for (const i of this.#before(index)) {
      const task = plan.tasks[i]!;
      for (const path of Object.values(task.files ?? {})) {
        const file = seen.get(path);
        if (file) inputs.push({ name: nameOf(task.id), file: toldPath(plan, path), sha256: file.sha256 });
      }
      if (isInput(task)) continue;
      // The items of a block share their steps.
      const { text, step } = this.#step(i);
      steps.set(text, step);
    }
    return { tiepoint, pipeline: plan.name, inputs, steps: [...steps.values()] };
  }

  /** All tasks that a task rests on, in the order of the plan. */
  #before(index: number): readonly number[] {
    const found = new Set<number>();
    const stack = [...feeding(this.plan.tasks[index]!)];
    while (stack.length > 0) {
      const i = stack.pop()!;
      if (found.has(i)) continue;
      found.add(i);
      for (const j of feeding(this.plan.tasks[i]!)) stack.push(j);
    }
    return [...found].sort((a, b) => a - b);
  }

  #step(index: number) {
    const { step: name, plugin, version, params } = this.plan.tasks[index]!;
    const step = { step: name, plugin: `${plugin}@${version}`, params };
    const told = this.#steps.get(index) ?? { text: canonicalJson(step), step };
    this.#steps.set(index, told);
    return told;
  }
}

/** Whether a task stands for an entry of `inputs:`; steps may read files too, such as a model. */
export const isInput = (task: Pick<Task, "id">): boolean => task.id.startsWith("input:");

/** The user's name of an input or output task. */
export const nameOf = (id: string): string => id.replace(/^(input|output):/, "");
