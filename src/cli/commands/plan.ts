import { readFileSync } from "node:fs";
import { Flags } from "@oclif/core";
import { problem } from "../../core/diagnostic.js";
import type { RunRecord } from "../../core/record.js";
import { didYouMean } from "../../pipeline/suggest.js";
import type { Plan as PipelinePlan } from "../../pipeline/task.js";
import { TiepointCommand } from "../base.js";
import { version } from "../execute.js";
import { CommandFailure, exit } from "../exit.js";
import { loadOrFail } from "../load.js";
import { pipelineArg, planFlags } from "../plan-flags.js";
import { planGraph, type StepStatus, stepState, stepStatuses, toMermaid } from "../plan-graph.js";
import { changeInWords, type PlanStatus, planStatus } from "../plan-status.js";
import { stepLabel } from "../progress-words.js";
import { lastRunOf, readProfile, storeOf } from "../settings.js";
import { showDiagnostics } from "../show-diagnostics.js";
import type { Colors } from "../terminal.js";

export default class Plan extends TiepointCommand {
  static override summary = "Show what a run would do, and why.";
  static override description =
    "Lists every step with its state: cached (its result is there), run (with the reason), or blocked (an input is missing). Runs nothing; input files are only looked at to see whether they changed.";
  static override examples = [
    { description: "What would run now?", command: "<%= config.bin %> plan stitch.yaml" },
    { description: "Why must this step run again?", command: "<%= config.bin %> plan stitch.yaml --why matches" },
    { description: "A drawing of the pipeline", command: "<%= config.bin %> plan stitch.yaml --format svg > plan.svg" },
  ];
  static override args = { file: pipelineArg };
  static override flags = {
    ...planFlags,
    format: Flags.option({
      options: ["text", "json", "mermaid", "svg"] as const,
      default: "text" as const,
      description: "A table, data, a Mermaid flow chart, or a drawing.",
    })(),
    why: Flags.string({
      helpValue: "STEP",
      description: "Tell what the result of this step depends on, and what has changed.",
    }),
    profile: Flags.string({
      helpValue: "FILE",
      description: "A YAML file with jobs, memory, cache and store for this computer.",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Plan);
    const terminal = this.terminal(flags);
    const profile = flags.profile === undefined ? {} : await readProfile(flags.profile);
    const { plan, warnings } = await loadOrFail({
      file: args.file,
      set: flags.set ?? [],
      params: flags.params ?? [],
      ...(flags.out === undefined ? {} : { out: flags.out }),
    });
    if (warnings.length > 0) this.warnUser(`${showDiagnostics(warnings, plan.texts, terminal.colors)}\n`);
    const store = storeOf(args.file, profile);
    const status = planStatus(plan, store, version, readLast(lastRunOf(args.file, store)));
    const steps = stepStatuses(plan, status);
    if (flags.why !== undefined) {
      const indices = tasksOf(plan, flags.why);
      if (flags.json) this.printJson(indices.map((i) => whyJson(plan, status, i)));
      else this.print(why(plan, status, flags.why, indices));
    } else if (flags.json || flags.format === "json") this.printJson(asJson(plan, status));
    else if (flags.format === "mermaid") this.print(toMermaid(planGraph(steps)));
    else if (flags.format === "svg") {
      const { toSvg } = await import("../../report/plan-svg.js");
      this.print(toSvg(planGraph(steps)));
    } else this.print(table(plan, steps, terminal.colors));
    if (status.tasks.some((t) => t.state === "blocked")) process.exitCode = exit.inputMissing;
  }
}

function readLast(path: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(path, "utf8")) as RunRecord;
    return record.format === "tiepoint/run" && record.version === 1 ? record : undefined;
  } catch {
    // No run yet, or a record that cannot be read: then nothing can be compared.
    return undefined;
  }
}

function table(plan: PipelinePlan, steps: readonly StepStatus[], colors: Colors): string {
  const total = (state: "cached" | "run" | "blocked") => steps.reduce((n, s) => n + s.states[state], 0);
  const counts = [`${total("cached")} cached`, `${total("run")} to run`];
  if (total("blocked") > 0) counts.push(`${total("blocked")} blocked`);
  const labels = steps.map((s) => stepLabel(s.step));
  const width = Math.max(0, ...labels.map((l) => l.length));
  const plugins = Math.max(0, ...steps.map((s) => s.plugin.length));
  const paint = { cached: colors.dim, run: colors.cyan, blocked: colors.red };
  const lines = steps.map((s, i) => {
    const state = stepState(s);
    const share = s.count > 1 ? `${s.states[state]} of ${s.count}` : "";
    const tail = [share, s.reason].filter((t) => t !== "").join(", ");
    return `  ${paint[state](state.padEnd(7))}  ${labels[i]!.padEnd(width)}  ${s.plugin.padEnd(plugins)}  ${tail}`.trimEnd();
  });
  return [`${plan.name}: ${plan.tasks.length} tasks, ${counts.join(", ")}`, ...lines].join("\n");
}

/** The tasks of a step, or one task by its id; the command ends where there is none. */
function tasksOf(plan: PipelinePlan, wanted: string): readonly number[] {
  const indices = plan.tasks.flatMap((t, i) => (t.step === wanted || t.id === wanted ? [i] : []));
  if (indices.length > 0) return indices;
  const steps = [...new Set(plan.tasks.map((t) => t.step))];
  throw new CommandFailure(exit.wrongUsage, [
    problem(
      "unknown-step",
      `The pipeline has no step "${wanted}".${didYouMean(wanted, steps)}`,
      `It has ${steps.join(", ")}.`,
    ),
  ]);
}

/** Everything that a step's key is made of, and the first thing that differs from the last run. */
function why(plan: PipelinePlan, status: PlanStatus, wanted: string, indices: readonly number[]): string {
  const shown = indices.slice(0, 5).map((i) => whyTask(plan, status, i));
  if (indices.length > shown.length) shown.push(`… and ${indices.length - shown.length} more items of ${wanted}`);
  return shown.join("\n\n");
}

const whyJson = (plan: PipelinePlan, status: PlanStatus, index: number): unknown => ({
  id: plan.tasks[index]!.id,
  ...status.tasks[index]!,
  ingredients: status.ingredients(index),
});

function whyTask(plan: PipelinePlan, status: PlanStatus, index: number): string {
  const task = plan.tasks[index]!;
  const { state, reason, key } = status.tasks[index]!;
  const ingredients = status.ingredients(index);
  const lines = [`${task.id}: ${state}${reason === "" ? "" : `, because ${reason}`}`];
  if (key !== "") lines.push(`  key  ${key}`);
  const width = Math.max(...ingredients.map((i) => i.name.length));
  for (const one of ingredients) {
    const changed = status.last !== undefined && one.before !== one.now;
    const origin = one.origin && one.origin !== "default" ? `  (${one.origin})` : "";
    lines.push(
      `  ${changed ? "*" : " "} ${one.name.padEnd(width)}  ${one.now}${changed ? `  <- ${one.before ?? "nothing"}` : ""}${origin}`,
    );
  }
  if (status.last && ingredients.some((i) => i.before !== i.now)) {
    lines.push(`  first difference from the last run: ${changeInWords(ingredients.find((i) => i.before !== i.now)!)}`);
  }
  return lines.join("\n");
}

function asJson(plan: PipelinePlan, status: PlanStatus): unknown {
  return {
    name: plan.name,
    file: plan.file,
    tasks: plan.tasks.map((task, i) => ({
      id: task.id,
      step: task.step,
      item: task.item,
      plugin: task.plugin,
      version: task.version,
      ...status.tasks[i]!,
      params: task.params,
      inputs: task.inputs,
      target: task.target?.name,
    })),
  };
}
