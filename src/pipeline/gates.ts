import type { Diagnostic } from "../core/diagnostic.js";
import type { AnyPlugin, Port, Ports } from "../core/plugin.js";
import { type Dimension, unitNames } from "../core/quantity.js";
import { describe, type Entry, errorAt, isBroken, type Node, type ScalarNode } from "./node.js";
import type { Condition } from "./spec.js";
import { didYouMean } from "./suggest.js";
import type { Gate } from "./task.js";

const comparison = /^\s*(<=|>=|==|!=|<|>)\s*(.*?)\s*$/s;
const number = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-zµ%/^0-9]*)$/;
const dimensions: readonly Dimension[] = ["length", "angle", "ratio", "bytes"];
const verdicts = ["accepted", "suspect", "rejected"] as const;

/** The gate that every judged step has, unless `require: { verdict: … }` says otherwise. */
export function verdictGate(at: Entry["at"]): Gate {
  return { metric: "verdict", comparison: ">= accepted", operator: ">=", value: "accepted", at };
}

/** True when a verdict comes with the outputs: always with a transform. */
export const isJudged = ({ judged, outputs }: Pick<AnyPlugin, "judged" | "outputs">): boolean =>
  judged === true || Object.values(outputs as Ports).some((p: Port) => p === "transform" || p === "transform[]");

/** Reads `require:`; metrics are names of the plugin's making, so only the comparisons are checked here. */
export function readGates(node: Node, found: Diagnostic[]): Gate[] {
  if (node.type !== "map") {
    found.push(
      errorAt(
        node.at,
        "bad-comparison",
        `Expected a map of metrics under require:, but found ${describe(node)}`,
        'Write require: { inliers: ">= 20" }.',
      ),
    );
    return [];
  }
  const gates: Gate[] = [];
  for (const [metric, entry] of node.entries) {
    const gate = readGate(metric, entry.value, found);
    if (gate) gates.push(gate);
  }
  return gates;
}

function readGate(metric: string, node: Node, found: Diagnostic[]): Gate | undefined {
  if (isBroken(node)) return undefined;
  const split = splitComparison(node);
  if (!split) {
    const bare = node.type === "scalar" && typeof node.value === "number" ? node.source : undefined;
    const example = metric === "verdict" ? ">= suspect" : `>= ${bare ?? "20"}`;
    found.push(
      errorAt(
        node.at,
        "bad-comparison",
        `Expected a comparison for ${metric}, such as "${example}", but found ${describe(node)}`,
        `Write ${metric}: "${example}".`,
      ),
    );
    return undefined;
  }
  const { operator, right, text, at } = split;
  if (metric === "verdict") {
    const value = verdicts.find((v) => v === right);
    if (value) return { metric, comparison: text, operator, value, at };
    found.push(
      errorAt(
        at,
        "bad-comparison",
        `A verdict is accepted, suspect or rejected, not "${right}".${didYouMean(right, verdicts)}`,
      ),
    );
    return undefined;
  }
  const parts = number.exec(right);
  if (!parts) {
    found.push(
      errorAt(at, "bad-comparison", `Expected a number after ${operator} for ${metric}, but found "${right}"`),
    );
    return undefined;
  }
  const [, digits, unit] = parts as unknown as [string, string, string];
  const known = dimensions.flatMap((d) => unitNames(d));
  if (unit !== "" && !known.includes(unit)) {
    found.push(
      errorAt(
        at,
        "unit-unknown",
        `"${unit}" is no unit; expected one of ${known.join(", ")}.${didYouMean(unit, known)}`,
      ),
    );
    return undefined;
  }
  return { metric, comparison: text, operator, value: Number(digits), ...(unit === "" ? {} : { unit }), at };
}

interface Split {
  readonly operator: Gate["operator"];
  readonly right: string;
  readonly text: string;
  readonly at: Entry["at"];
}

function splitComparison(node: Node): Split | undefined {
  if (node.type !== "scalar" || typeof node.value !== "string") return undefined;
  const parts = comparison.exec(node.value);
  if (!parts || parts[2] === "") return undefined;
  return { operator: parts[1] as Gate["operator"], right: parts[2]!, text: node.value.trim(), at: node.at };
}

/** Reads `where:`, whose fields are columns of a table or fields of a file name. */
export function readConditions(node: Node, found: Diagnostic[]): Condition[] {
  if (node.type !== "map") {
    found.push(
      errorAt(
        node.at,
        "bad-comparison",
        `Expected a map of columns under where:, but found ${describe(node)}`,
        'Write where: { date: ">= 2023-06-02" }.',
      ),
    );
    return [];
  }
  const conditions: Condition[] = [];
  for (const [field, entry] of node.entries) {
    const split = splitComparison(entry.value);
    if (split) {
      conditions.push({ field, operator: split.operator, value: split.right, at: entry.at });
      continue;
    }
    if (isBroken(entry.value)) continue;
    const bare = entry.value.type === "scalar" ? (entry.value as ScalarNode).source : "";
    found.push(
      errorAt(
        entry.value.at,
        "bad-comparison",
        `Expected a comparison for ${field}, such as "== ${bare || "3"}", but found ${describe(entry.value)}`,
        bare ? `Write ${field}: "== ${bare}".` : undefined,
      ),
    );
  }
  return conditions;
}

/** Compares as numbers where both sides are numbers, else as texts by their code units (so ISO dates sort as they should). */
export function compare(left: string, operator: Gate["operator"], right: string): boolean {
  const [a, b] = [Number(left), Number(right)];
  const numeric = left.trim() !== "" && right.trim() !== "" && !Number.isNaN(a) && !Number.isNaN(b);
  const order = numeric ? a - b : left < right ? -1 : left > right ? 1 : 0;
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "==":
      return order === 0;
    case "!=":
      return order !== 0;
  }
}
