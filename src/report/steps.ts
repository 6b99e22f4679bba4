import type { RunRecord, TaskRecord, TaskState } from "../core/record.js";
import { count, seconds } from "./numbers.js";
import type { Graph, NodeState } from "./plan-svg.js";

/** All tasks of one step: one, or one per item of a block. */
export interface StepGroup {
  readonly id: string;
  readonly step: string;
  readonly plugin: string;
  readonly version: string;
  readonly tasks: readonly TaskRecord[];
  readonly role: "input" | "output" | "step";
  readonly seconds: number;
  readonly peakBytes: number;
  /** The state that a reader should see first: failed, then refused, skipped, computed, cached. */
  readonly state: TaskState;
}

const order: readonly TaskState[] = ["failed", "refused", "skipped", "computed", "cached"];

/** What each state means, in a word or two. */
export const stateWords: Readonly<Record<TaskState, string>> = {
  computed: "computed",
  cached: "from the cache",
  failed: "failed",
  refused: "refused",
  skipped: "not run",
};

/** Steps in the order of the plan, with their tasks. */
export function stepGroups(record: RunRecord): readonly StepGroup[] {
  const groups = new Map<string, TaskRecord[]>();
  for (const task of record.tasks) {
    const id = groupId(task);
    const group = groups.get(id);
    if (group) group.push(task);
    else groups.set(id, [task]);
  }
  return [...groups].map(([id, tasks]) => {
    const first = tasks[0]!;
    return {
      id,
      step: first.step,
      plugin: first.plugin,
      version: first.version,
      tasks,
      role: first.plugin.startsWith("read/") ? "input" : first.plugin.startsWith("write/") ? "output" : "step",
      seconds: tasks.reduce((s, t) => s + t.seconds, 0),
      peakBytes: tasks.reduce((most, t) => Math.max(most, t.peakBytes), 0),
      state: order.find((state) => tasks.some((t) => t.state === state))!,
    };
  });
}

const groupId = (task: TaskRecord): string => JSON.stringify([task.step, task.plugin]);

/** How the tasks of a step came out: "computed", "48 items: 46 from the cache, 2 refused". */
export function outcomeWords(group: StepGroup): string {
  if (group.tasks.length === 1) return stateWords[group.state];
  const tallies = order.map((state) => [state, group.tasks.filter((t) => t.state === state).length] as const);
  const present = tallies.filter(([, n]) => n > 0);
  if (present.length === 1) return `${count(group.tasks.length, "item")}, ${stateWords[group.state]}`;
  return `${count(group.tasks.length, "item")}: ${present.map(([state, n]) => `${n} ${stateWords[state]}`).join(", ")}`;
}

/** The pipeline as it ran, one node per step. */
export function graphOf(record: RunRecord, groups: readonly StepGroup[]): Graph {
  const files = new Map(record.inputs.map((i) => [i.name, i.file]));
  const nodes = groups.map((g) => {
    const many = g.tasks.length > 1;
    const time =
      g.state === "computed" || g.state === "failed" || g.state === "refused" ? `, ${seconds(g.seconds)}` : "";
    const name = g.step.replace(/^(input|output):/, "");
    return {
      id: g.id,
      title: g.role === "step" ? g.step : baseName(g.role === "input" ? (files.get(name) ?? name) : name),
      detail: many && g.role === "step" ? `${g.plugin} × ${g.tasks.length}` : g.role === "step" ? g.plugin : g.role,
      ...(g.role === "step" || g.state === "failed" || g.state === "skipped"
        ? { words: many ? outcomeWords(g) : `${stateWords[g.state]}${time}` }
        : {}),
      state: (g.role === "step" || g.state === "failed" || g.state === "skipped" ? g.state : g.role) as NodeState,
    };
  });
  const groupOf = new Map(groups.flatMap((g) => g.tasks.map((t) => [t.id, g.id] as const)));
  const edges = new Map<string, { from: string; to: string }>();
  for (const task of record.tasks) {
    for (const id of Object.values(task.inputs).flat()) {
      const from = groupOf.get(id);
      const to = groupId(task);
      if (from !== undefined) edges.set(JSON.stringify([from, to]), { from, to });
    }
  }
  return { nodes, edges: [...edges.values()] };
}

export const baseName = (file: string): string => file.split(/[\\/]/).at(-1) || file;
