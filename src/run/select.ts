import type { Source, Task } from "../pipeline/task.js";

/** Which part of a plan to run. Steps are named as in the file: `affine`, or `scene.shift` inside a block. */
export interface Selection {
  /** These steps, what they need, and outputs written straight from them. */
  readonly only?: readonly string[];
  /** These steps and all that rests on them, with what those need. */
  readonly from?: readonly string[];
  /** These steps and what they need. */
  readonly until?: readonly string[];
  /** Tasks of these items, and what they need. */
  readonly items?: readonly string[];
}

/** Which tasks run, as flags by index. Tasks are in topological order, so one pass forward and one back are enough. */
export function select(tasks: readonly Task[], { only, from, until, items }: Selection): readonly boolean[] {
  const chosen = tasks.map((task) => {
    if (items?.length && !(task.item !== undefined && items.some((item) => isOf(task.item!, item)))) return false;
    return !(only?.length || from?.length || until?.length) || [only, from, until].some((s) => s?.includes(task.step));
  });
  const downstream = tasks.map(
    (task) => (from?.includes(task.step) ?? false) && !(items?.length && task.item === undefined),
  );
  tasks.forEach((task, i) => {
    const fed = feeding(task);
    if (from?.length && fed.some((j) => downstream[j])) downstream[i] = true;
    if (downstream[i]) chosen[i] = true;
    // An output is wanted with the step that it shows, unless the run shall end before it.
    if (task.target && (only?.length || items?.length) && fed.every((j) => chosen[j]) && fed.length > 0)
      chosen[i] = true;
  });
  for (let i = tasks.length - 1; i >= 0; i--) if (chosen[i]) for (const j of feeding(tasks[i]!)) chosen[j] = true;
  return chosen;
}

/** `S2A` names the item `S2A`, and as a part the item `S2A/3` of a nested block. */
const isOf = (item: string, wanted: string): boolean =>
  item === wanted || item.split("/").includes(wanted) || item.startsWith(`${wanted}/`);

/** Indices of the tasks that feed a task. */
export const feeding = (task: Pick<Task, "inputs">): readonly number[] =>
  Object.values(task.inputs).flatMap((source) => sourcesOf(source).map((one) => one.task));

export const sourcesOf = (source: Source): readonly { readonly task: number; readonly port: string }[] =>
  "items" in source ? source.items.map(([, one]) => one) : [source];
