import { type Diagnostic, problem, unreachable } from "../core/diagnostic.js";
import { type Dimension, parseQuantity, unitNames } from "../core/quantity.js";
import type { GateRecord } from "../core/record.js";
import type { Metric, Metrics, Verdict, VerdictStatus } from "../core/verdict.js";
import type { Gate, Task } from "../pipeline/task.js";

export interface GatesResult {
  readonly gates: readonly GateRecord[];
  /** One for each gate that did not pass, at its place in the pipeline file. */
  readonly notes: readonly Diagnostic[];
}

const rank: Readonly<Record<VerdictStatus, number>> = { rejected: 0, suspect: 1, accepted: 2 };

/** Holds a task's numbers and its verdict against its gates. */
export function checkGates(task: Task, metrics: Metrics, verdict: Verdict | undefined): GatesResult {
  const gates: GateRecord[] = [];
  const notes: Diagnostic[] = [];
  for (const gate of task.gates) {
    const found = Object.hasOwn(metrics, gate.metric) ? metrics[gate.metric] : undefined;
    const failure =
      typeof gate.value === "string"
        ? verdictFailure(gate, gate.value, verdict, task)
        : metricFailure(gate, gate.value, found, metrics, task);
    gates.push({
      metric: gate.metric,
      comparison: gate.comparison,
      ...(found === undefined ? {} : { found }),
      passed: failure === undefined,
    });
    if (failure) notes.push({ ...failure, severity: task.onFail === "warn" ? "warning" : "error", at: gate.at });
  }
  return { gates, notes };
}

function verdictFailure(
  gate: Gate,
  wanted: VerdictStatus,
  verdict: Verdict | undefined,
  task: Task,
): Diagnostic | undefined {
  // A step that judges nothing passes the gate that the plan puts on every transform.
  if (!verdict || compare(rank[verdict.status], gate.operator, rank[wanted])) return undefined;
  const why = verdict.reasons.map((reason) => reason.message).join("; ");
  const hint = verdict.reasons.find((reason) => reason.hint)?.hint;
  return problem(
    "verdict-refused",
    `${task.id} is ${verdict.status}, but ${gate.comparison} is required${why ? `: ${why}` : ""}`,
    hint ?? `Look at the report, and if the result is good enough say require: { verdict: ">= ${verdict.status}" }.`,
  );
}

function metricFailure(
  gate: Gate,
  wanted: number,
  found: Metric | undefined,
  metrics: Metrics,
  task: Task,
): Diagnostic | undefined {
  if (!found) {
    const names = Object.keys(metrics);
    return problem(
      "gate-metric-missing",
      `${task.id} gave no metric "${gate.metric}"; it gave ${names.length > 0 ? names.join(", ") : "none"}`,
      names.length > 0 ? "Name one of these under require:." : `Remove the gate: ${task.plugin} gives no metrics.`,
    );
  }
  const sides = inOneUnit(found, { value: wanted, ...(gate.unit === undefined ? {} : { unit: gate.unit }) });
  if (!sides) {
    return problem(
      "gate-unit",
      `${gate.metric} of ${task.id} is in ${found.unit ?? "no unit"} and cannot be compared with "${gate.comparison}"`,
      found.unit ? `Write the bound in ${found.unit}.` : "Write the bound without a unit.",
    );
  }
  if (compare(sides[0], gate.operator, sides[1])) return undefined;
  return problem(
    "gate-refused",
    `${gate.metric} of ${task.id} is ${told(found)}, but ${gate.comparison} is required`,
    "Look at the report for the reason; loosen require: only if the result is good enough.",
  );
}

const told = ({ value, unit }: Metric): string =>
  `${Number.isInteger(value) ? value : Number(value.toPrecision(4))}${unit ? ` ${unit}` : ""}`;

/** Both numbers in a common unit, or `undefined` where there is none. A bound without a unit is in the metric's own. */
function inOneUnit(found: Metric, bound: Metric): readonly [number, number] | undefined {
  if (bound.unit === undefined || bound.unit === found.unit) return [found.value, bound.value];
  if (found.unit === undefined) return bound.unit === "%" ? [found.value, bound.value / 100] : undefined;
  for (const dimension of ["length", "angle", "ratio", "bytes"] as const) {
    const a = inBase(found, dimension);
    const b = inBase(bound, dimension);
    if (a && b) return a.unit === b.unit ? [a.value, b.value] : undefined;
  }
  return undefined;
}

function inBase({ value, unit }: Metric, dimension: Dimension): Metric | undefined {
  if (unit === undefined || !unitNames(dimension).includes(unit)) return undefined;
  const quantity = parseQuantity(`${value} ${unit}`, dimension);
  if (!quantity.ok) return undefined;
  return typeof quantity.value === "number" ? { value: quantity.value } : quantity.value;
}

function compare(a: number, operator: Gate["operator"], b: number): boolean {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    default:
      return unreachable(operator);
  }
}
