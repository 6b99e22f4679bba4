import type { Plan } from "../pipeline/task.js";
import type { Graph, GraphNode } from "../report/plan-svg.js";
import { feeding } from "../run/select.js";
import type { PlanStatus, TaskStatus } from "./plan-status.js";
import { stepLabel } from "./progress-words.js";

/** A step with all its tasks, in the order of the plan. */
export interface StepStatus {
  readonly step: string;
  readonly plugin: string;
  readonly count: number;
  readonly states: Readonly<Record<TaskStatus["state"], number>>;
  /** Of the first task that is not cached. */
  readonly reason: string;
  /** Steps that feed it. */
  readonly from: readonly string[];
}

/** The worst state of a step's tasks. */
export const stepState = ({ states }: StepStatus): TaskStatus["state"] =>
  states.blocked > 0 ? "blocked" : states.run > 0 ? "run" : "cached";

export function stepStatuses(plan: Plan, status: PlanStatus): readonly StepStatus[] {
  const steps = new Map<
    string,
    { plugin: string; states: Record<TaskStatus["state"], number>; reason: string; from: Set<string> }
  >();
  for (const [i, task] of plan.tasks.entries()) {
    let step = steps.get(task.step);
    if (!step) {
      step = { plugin: task.plugin, states: { cached: 0, run: 0, blocked: 0 }, reason: "", from: new Set() };
      steps.set(task.step, step);
    }
    const { state, reason } = status.tasks[i]!;
    step.states[state]++;
    if (step.reason === "") step.reason = reason;
    for (const j of feeding(task)) step.from.add(plan.tasks[j]!.step);
  }
  return [...steps].map(([step, { plugin, states, reason, from }]) => ({
    step,
    plugin,
    states,
    reason,
    count: states.cached + states.run + states.blocked,
    from: [...from],
  }));
}

/** The plan as a drawing has it. */
export function planGraph(steps: readonly StepStatus[]): Graph {
  const nodes = steps.map((step): GraphNode => {
    const isInput = step.step.startsWith("input:");
    const isOutput = step.step.startsWith("output:");
    const state = stepState(step);
    const words = state === "cached" ? "cached" : state === "run" ? "to run" : "blocked";
    return {
      id: step.step,
      title: stepLabel(step.step).replace(/^(read|write) /, ""),
      detail: step.plugin,
      words: step.count > 1 ? `${step.count} items, ${words}` : words,
      state: isInput ? "input" : isOutput ? "output" : state === "cached" ? "cached" : "run",
    };
  });
  return { nodes, edges: steps.flatMap((step) => step.from.map((from) => ({ from, to: step.step }))) };
}

/** The plan as a Mermaid flow chart. */
export function toMermaid({ nodes, edges }: Graph): string {
  const ids = new Map(nodes.map((node, i) => [node.id, `n${i}`]));
  const text = (value: string) => value.replaceAll('"', "#quot;");
  const shapes = nodes.map(({ id, title, detail, state }) => {
    const label = `"${text(title)}${detail ? `<br/>${text(detail)}` : ""}"`;
    return state === "input" || state === "output" ? `  ${ids.get(id)}([${label}])` : `  ${ids.get(id)}[${label}]`;
  });
  return ["flowchart LR", ...shapes, ...edges.map(({ from, to }) => `  ${ids.get(from)} --> ${ids.get(to)}`), ""].join(
    "\n",
  );
}
