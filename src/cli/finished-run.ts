import { existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Diagnostic, failed, ok, problem, type Result } from "../core/diagnostic.js";
import type { RunRecord } from "../core/record.js";
import type { Plan } from "../pipeline/task.js";
import { readText } from "./load.js";
import type { PlanStatus } from "./plan-status.js";

/** A record as a run wrote it. */
export async function readRecord(path: string): Promise<Result<RunRecord>> {
  const text = await readText(path);
  if (!text.ok) return text;
  try {
    const record = JSON.parse(text.value) as RunRecord;
    if (isRecord(record)) return ok(record);
  } catch {
    // Told below, like JSON of any other kind.
  }
  return failed(
    problem(
      "not-a-record",
      `${path} is not the record of a run`,
      "Name a pipeline, or the run.json that a run wrote beside its outputs.",
    ),
  );
}

/** Whether a value has what is looked at here; the rest is the report's, which says what it cannot tell. */
function isRecord(value: RunRecord): boolean {
  if (value?.format !== "tiepoint/run" || value.version !== 1) return false;
  const lists: readonly unknown[] = [value.tasks, value.inputs, value.outputs, value.notes];
  return (
    lists.every((list) => Array.isArray(list) && list.every((one) => typeof one === "object" && one !== null)) &&
    value.tasks.every(
      ({ id, key, plugin, params }) =>
        [id, key, plugin].every((text) => typeof text === "string") && typeof params === "object" && params !== null,
    )
  );
}

/** The pipeline of a record: in the record's folder or above it, else where it was when it ran. */
export function pipelineOf(record: RunRecord, path: string): string | undefined {
  const told = String(record.pipeline?.file ?? "");
  if (told === "") return undefined;
  for (let folder = dirname(resolve(path)), last = ""; folder !== last; last = folder, folder = dirname(folder)) {
    const file = join(folder, basename(told));
    if (existsSync(file)) return relative(process.cwd(), file) || file;
  }
  return existsSync(told) ? told : undefined;
}

/**
 * What stands between a finished run and its report: results that are no longer stored, and steps that are not as they were. Files that
 * the run wrote do not matter.
 */
export function missingFor(record: RunRecord, plan: Plan, status: PlanStatus): readonly Diagnostic[] {
  const before = new Map(record.tasks.map((task) => [task.id, task]));
  const missing: Diagnostic[] = [];
  const miss = (id: string, why: string) => missing.push(problem("result-missing", `${id}: ${why}`));
  for (const [i, task] of plan.tasks.entries()) {
    const then = before.get(task.id);
    before.delete(task.id);
    if (task.target) continue;
    const { state, key, reason } = status.tasks[i]!;
    if (!then) miss(task.id, "was not part of that run");
    else if (then.state === "failed" || then.state === "skipped") {
      // It gave nothing that could be missing, but it must still be the same step.
      if (then.key !== "" && key !== "" && then.key !== key) miss(task.id, reason);
    } else if (state !== "cached") miss(task.id, reason);
    else if (then.key !== key) miss(task.id, "is not as it was in that run");
  }
  for (const [id, task] of before) {
    if (!task.plugin.startsWith("write/")) miss(id, "is no longer in the pipeline");
  }
  return missing;
}
