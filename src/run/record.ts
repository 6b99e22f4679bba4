import { arch, availableParallelism, platform } from "node:os";
import type { Diagnostic } from "../core/diagnostic.js";
import type { RunRecord, TaskRecord } from "../core/record.js";
import type { VerdictStatus } from "../core/verdict.js";
import type { Plan, Task } from "../pipeline/task.js";
import { environmentCodes } from "./disk.js";
import type { SeenFile } from "./files.js";
import { isInput, nameOf, toldPath } from "./provenance.js";
import type { Ending } from "./schedule.js";
import { feeding, sourcesOf } from "./select.js";

/** How one task came out, told for the record. */
export function taskRecord(plan: Plan, task: Task, ending: Ending): TaskRecord {
  const { action } = ending;
  return {
    id: task.id,
    step: task.step,
    ...(task.item === undefined ? {} : { item: task.item }),
    plugin: task.plugin,
    version: task.version,
    ...(action?.summary === undefined ? {} : { summary: action.summary }),
    ...(action?.cite === undefined ? {} : { cite: action.cite }),
    key: ending.key,
    params: task.params,
    origins: task.origins,
    seed: task.seed,
    inputs: Object.fromEntries(
      Object.entries(task.inputs).map(([port, source]) => [
        port,
        sourcesOf(source).map((one) => plan.tasks[one.task]!.id),
      ]),
    ),
    outputs: (action?.outputs ?? []).map(({ port, type, digest, bytes, image }) => ({
      port,
      type,
      digest,
      ...(bytes === undefined ? {} : { bytes }),
      ...(image === undefined ? {} : { image }),
    })),
    metrics: action?.metrics ?? {},
    ...(action?.verdict === undefined ? {} : { verdict: action.verdict }),
    gates: ending.gates,
    notes: ending.notes,
    state: ending.state,
    seconds: ending.seconds,
    peakBytes: ending.peakBytes,
  };
}

export interface RunFacts {
  readonly plan: Plan;
  readonly tiepoint: string;
  readonly seen: ReadonlyMap<string, SeenFile>;
  /** By task index; tasks that were not chosen have none. */
  readonly endings: readonly (Ending | undefined)[];
  readonly notes: readonly Diagnostic[];
  readonly interrupted: string | undefined;
  readonly seconds: number;
  readonly jobs: number;
  readonly memory: number;
}

const order: readonly VerdictStatus[] = ["rejected", "suspect", "accepted"];

/** The record of a run, whole or cut short. */
export function runRecord(facts: RunFacts): RunRecord {
  const { plan, seen, endings } = facts;
  const ended = plan.tasks.flatMap((task, i) => (endings[i] ? [{ task, ending: endings[i] }] : []));
  const verdicts = new Set(ended.map(({ ending }) => ending.action?.verdict?.status));
  const verdict = order.find((status) => verdicts.has(status));
  return {
    format: "tiepoint/run",
    version: 1,
    tiepoint: facts.tiepoint,
    pipeline: { name: plan.name, ...(plan.about === undefined ? {} : { about: plan.about }), file: plan.file },
    inputs: ended.flatMap(({ task }) =>
      Object.values(task.files ?? {}).flatMap((path) => {
        const file = seen.get(path);
        if (!file) return [];
        return [{ name: nameOf(task.id), file: toldPath(plan, path), sha256: file.sha256, bytes: file.bytes }];
      }),
    ),
    tasks: ended.map(({ task, ending }) => taskRecord(plan, task, ending)),
    outputs: ended.flatMap(({ task, ending }) => {
      const file = ending.action?.outputs.find((output) => output.port === "file" && output.type === "file");
      if (!task.target || !file) return [];
      const from = feeding(task)[0];
      return [
        {
          file: task.target.name,
          from: from === undefined ? "" : nameOf(plan.tasks[from]!.id),
          sha256: file.digest,
          bytes: file.bytes ?? 0,
        },
      ];
    }),
    notes: facts.notes,
    ...(verdict === undefined ? {} : { verdict }),
    exit: exitOf(ended, facts),
    seconds: facts.seconds,
    machine: {
      node: process.versions.node,
      platform: `${platform()} ${arch()}`,
      cores: availableParallelism(),
      jobs: facts.jobs,
      memory: facts.memory,
    },
  };
}

/** The exit status: what the user must look at first wins (DESIGN, "Command line"). */
function exitOf(
  ended: readonly { readonly task: Task; readonly ending: Ending }[],
  { notes, interrupted }: Pick<RunFacts, "notes" | "interrupted">,
): number {
  if (interrupted !== undefined) return interrupted === "SIGTERM" ? 143 : 130;
  const failures = ended.filter(({ ending }) => ending.state === "failed");
  const codes = new Set([...notes, ...failures.flatMap(({ ending }) => ending.notes)].map((note) => note.code));
  if ([...codes].some((code) => environmentCodes.has(code))) return 5;
  if (["lock-drift", "lock-missing", "output-is-input"].some((code) => codes.has(code))) return 2;
  if (failures.some(({ task, ending }) => isUnreadable(task, ending))) return 4;
  if (failures.length > 0 || notes.some((note) => note.severity === "error")) return 1;
  return ended.some(({ ending }) => ending.state === "refused") ? 3 : 0;
}

/** Whether a task failed for a file that is missing or is not what it should be, and not for a bug or for want of memory. */
function isUnreadable(task: Task, { notes }: Ending): boolean {
  const codes = new Set(notes.map((note) => note.code));
  if (codes.has("input-missing") || codes.has("input-unreadable")) return true;
  return isInput(task) && !["internal-error", "lane-crashed", "memory-exceeded"].some((code) => codes.has(code));
}
