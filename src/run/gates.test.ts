import { expect, test } from "vitest";
import type { Metrics, Verdict } from "../core/verdict.js";
import type { Gate, Task } from "../pipeline/task.js";
import { checkGates } from "./gates.js";

const at = { file: "x.yaml", offset: 0, length: 1 };
const task = (...gates: Partial<Gate>[]): Task =>
  ({
    id: "affine",
    plugin: "estimate/affine",
    onFail: "stop",
    gates: gates.map((g) => ({ at, ...g })),
  }) as unknown as Task;
const check = (gate: Partial<Gate>, metrics: Metrics, verdict?: Verdict) => checkGates(task(gate), metrics, verdict);

test.each([
  [">=", 20, undefined, { value: 20 }, true],
  [">", 20, undefined, { value: 20 }, false],
  ["<", 2, "px", { value: 1.5, unit: "px" }, true],
  ["<=", 2, "um", { value: 0.003, unit: "mm" }, false],
  ["<=", 10, "%", { value: 0.05 }, true],
  ["<=", 10, "%", { value: 5, unit: "%" }, true],
  ["!=", 3, undefined, { value: 3 }, false],
  ["==", 3, undefined, { value: 3, unit: "px" }, true],
] as const)("a metric is held against %s %d %s", (operator, value, unit, found, passed) => {
  const gate = { metric: "m", operator, value, comparison: `${operator} ${value}`, ...(unit ? { unit } : {}) };
  const { gates, notes } = check(gate, { m: found });
  expect(gates[0]?.passed).toBe(passed);
  expect(notes.map((note) => note.code)).toEqual(passed ? [] : ["gate-refused"]);
});

test("pixels and micrometres are not compared, and the message says so", () => {
  const gate = { metric: "m", operator: "<=", value: 2, unit: "px", comparison: "<= 2 px" } as const;
  const { gates, notes } = check(gate, { m: { value: 1, unit: "um" } });
  expect(gates[0]?.passed).toBe(false);
  expect(notes[0]).toMatchObject({ code: "gate-unit", hint: "Write the bound in um.", at });
});

test("a metric that the step did not give refuses, and the message names those it gave", () => {
  const gate = { metric: "inlier", operator: ">=", value: 20, comparison: ">= 20" } as const;
  const { notes } = check(gate, { inliers: { value: 30 }, toString: { value: 1 } });
  expect(notes[0]?.code).toBe("gate-metric-missing");
  expect(notes[0]?.message).toContain("it gave inliers, toString");
});

test("a name that every object has is no metric", () => {
  const gate = { metric: "constructor", operator: ">=", value: 20, comparison: ">= 20" } as const;
  expect(check(gate, {}).notes[0]?.code).toBe("gate-metric-missing");
});

test("a suspect verdict is refused with its reasons, unless suspect is good enough", () => {
  const reasons = [{ severity: "error", code: "few", message: "only 3 inliers", hint: "Look for more." }] as const;
  const verdict: Verdict = { status: "suspect", reasons, metrics: {}, stopped: "converged" };
  const gate = { metric: "verdict", operator: ">=", value: "accepted", comparison: ">= accepted" } as const;
  expect(check(gate, {}, verdict).notes[0]).toMatchObject({
    code: "verdict-refused",
    message: "affine is suspect, but >= accepted is required: only 3 inliers",
    hint: "Look for more.",
  });
  expect(check({ ...gate, value: "suspect" }, {}, verdict).notes).toEqual([]);
});
