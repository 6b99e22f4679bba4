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

/** Where the value that a write task writes comes from: every input file and every step before it, in order. */
export function provenanceOf(
  plan: Plan,
  index: number,
  seen: ReadonlyMap<string, SeenFile>,
  tiepoint: string,
): Provenance {
  const found = new Set<number>();
  const stack = [...feeding(plan.tasks[index]!)];
  while (stack.length > 0) {
    const i = stack.pop()!;
    if (found.has(i)) continue;
    found.add(i);
    stack.push(...feeding(plan.tasks[i]!));
  }
  const inputs: Provenance["inputs"][number][] = [];
  const steps = new Map<string, Provenance["steps"][number]>();
  for (const i of [...found].sort((a, b) => a - b)) {
    const task = plan.tasks[i]!;
    for (const path of Object.values(task.files ?? {})) {
      const file = seen.get(path);
      if (file) inputs.push({ name: nameOf(task.id), file: toldPath(plan, path), sha256: file.sha256 });
    }
    if (isInput(task)) continue;
    // The items of a block share their steps.
    const step = { step: task.step, plugin: `${task.plugin}@${task.version}`, params: task.params };
    steps.set(canonicalJson(step), step);
  }
  return { tiepoint, pipeline: plan.name, inputs, steps: [...steps.values()] };
}

/** Whether a task stands for an entry of `inputs:`; steps may read files too, such as a model. */
export const isInput = (task: Pick<Task, "id">): boolean => task.id.startsWith("input:");

/** The user's name of an input or output task. */
export const nameOf = (id: string): string => id.replace(/^(input|output):/, "");
