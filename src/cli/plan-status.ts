import type { ParamOrigin, RunRecord, TaskRecord } from "../core/record.js";
import { canonicalJson } from "../pipeline/key.js";
import type { Plan, Task } from "../pipeline/task.js";
import { digestFile, type SeenFile, StatCache } from "../run/files.js";
import { Keys } from "../run/keys.js";
import { feeding } from "../run/select.js";
import { Store } from "../run/store.js";

/** How a task stands before a run. */
export interface TaskStatus {
  readonly state: "cached" | "run" | "blocked";
  /** Empty where its inputs are not known. */
  readonly key: string;
  /** Why it must run or cannot; empty when cached. */
  readonly reason: string;
}

/** One thing that a task's key is made of, as it is now and as it was in the last run. */
export interface Ingredient {
  readonly name: string;
  readonly now: string;
  readonly before: string | undefined;
  readonly origin?: ParamOrigin;
}

export interface PlanStatus {
  readonly tasks: readonly TaskStatus[];
  readonly last: RunRecord | undefined;
  /** Input files, and outputs of earlier runs, as they are now. */
  readonly files: readonly SeenFile[];
  /** What the key of a task is made of, in the order in which differences are looked for. */
  ingredients(index: number): readonly Ingredient[];
}

/**
 * Looks how far a plan is done: takes the digests of input files, computes keys and looks into the store. Runs nothing.
 *
 * @param last  the record of the last run of this pipeline, to say what has changed since
 */
export function planStatus(plan: Plan, storeDir: string, version: string, last: RunRecord | undefined): PlanStatus {
  const seen = new Map<string, SeenFile>();
  const missing = new Map<string, string>();
  const cache = new StatCache(storeDir);
  const look = (path: string) => {
    if (seen.has(path) || missing.has(path)) return;
    const known = cache.find(path);
    const digested = known ? ({ ok: true, value: known } as const) : digestFile(path);
    if (digested.ok) seen.set(path, digested.value);
    else missing.set(path, digested.diagnostics[0]!.message);
  };
  for (const task of plan.tasks) for (const path of Object.values(task.files ?? {})) look(path);
  const keys = new Keys(plan, seen, version).all();
  const store = new Store(storeDir);
  const before = new Map(last?.tasks.map((task) => [task.id, task]));
  const lastFiles = new Map(last?.inputs.map(({ name, sha256 }) => [name, sha256]));
  const statuses: TaskStatus[] = [];

  const ingredients = (index: number): Ingredient[] => {
    const task = plan.tasks[index]!;
    const then = before.get(task.id);
    return ingredientsOf(task, then, seen, lastFiles, plan, keys, before);
  };

  for (const [index, task] of plan.tasks.entries()) {
    const key = keys[index]!;
    const lost = Object.values(task.files ?? {}).find((path) => missing.has(path));
    const blocked = feeding(task).find((i) => statuses[i]!.state === "blocked");
    if (lost !== undefined) statuses.push({ state: "blocked", key: "", reason: missing.get(lost)! });
    else if (blocked !== undefined)
      statuses.push({ state: "blocked", key: "", reason: `${plan.tasks[blocked]!.id} is blocked` });
    else if (isDone(task, key, store, look, seen)) statuses.push({ state: "cached", key, reason: "" });
    else
      statuses.push({ state: "run", key, reason: reasonOf(task, before.get(task.id), key, ingredients(index), last) });
  }
  return { tasks: statuses, last, files: [...seen.values()], ingredients };
}

function isDone(
  task: Task,
  key: string,
  store: Store,
  look: (path: string) => void,
  seen: ReadonlyMap<string, SeenFile>,
): boolean {
  const action = store.action(key);
  if (!action || !store.isWhole(action)) return false;
  if (!task.target) return true;
  look(task.target.path);
  return action.outputs.some((o) => o.type === "file" && o.digest === seen.get(task.target!.path)?.sha256);
}

function reasonOf(
  task: Task,
  then: TaskRecord | undefined,
  key: string,
  ingredients: readonly Ingredient[],
  last: RunRecord | undefined,
): string {
  if (!last) return "never run";
  if (!then) return "new in the pipeline";
  const first = ingredients.find((one) => one.before !== one.now);
  if (first) return changeInWords(first);
  if (then.key !== key && then.key !== "") return "the pipeline or an input was told otherwise";
  if (then.state === "failed" || then.state === "skipped")
    return `it ${then.state === "failed" ? "failed" : "was not run"} last time`;
  return task.target ? "its file is gone or was changed" : "its result is no longer in the store";
}

/** "max-keypoints changed: 5000 -> 4000", "matches will change". */
export function changeInWords({ name, now, before }: Ingredient): string {
  if (name.startsWith("from ")) return `${name.slice(5)} ${before === undefined ? "is new" : "will change"}`;
  if (before === undefined) return `${name} is new: ${now}`;
  if (now === "") return `${name} is gone`;
  return `${name} changed: ${before} -> ${now}`;
}

function ingredientsOf(
  task: Task,
  then: TaskRecord | undefined,
  seen: ReadonlyMap<string, SeenFile>,
  lastFiles: ReadonlyMap<string, string>,
  plan: Plan,
  keys: readonly string[],
  before: ReadonlyMap<string, TaskRecord>,
): Ingredient[] {
  const out: Ingredient[] = [
    {
      name: "plugin",
      now: `${task.plugin} version ${task.version}`,
      before: then && `${then.plugin} version ${then.version}`,
    },
  ];
  const show = (value: unknown): string => (typeof value === "string" ? value : canonicalJson(value));
  const names = new Set([...Object.keys(task.params), ...Object.keys(then?.params ?? {})]);
  for (const name of [...names].sort()) {
    const now = Object.hasOwn(task.params, name) ? show(task.params[name]) : "";
    const was = then && (Object.hasOwn(then.params, name) ? show(then.params[name]) : undefined);
    const origin = task.origins[name];
    out.push({ name, now, before: was, ...(origin ? { origin } : {}) });
  }
  out.push({ name: "seed", now: String(task.seed), before: then && String(then.seed) });
  for (const path of Object.values(task.files ?? {})) {
    const digest = seen.get(path)?.sha256.slice(0, 12) ?? "";
    const was = lastFiles.get(task.id.replace(/^input:/, ""))?.slice(0, 12);
    out.push({ name: "file", now: digest, before: was });
  }
  for (const index of new Set(feeding(task))) {
    const from = plan.tasks[index]!;
    out.push({
      name: `from ${from.id}`,
      now: keys[index]!.slice(0, 12),
      before: before.get(from.id)?.key.slice(0, 12) || undefined,
    });
  }
  return out;
}
