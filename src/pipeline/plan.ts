import type { Diagnostic } from "../core/diagnostic.js";
import type { Ports } from "../core/plugin.js";
import { type Collection, collect, type Fetched } from "./collections.js";
import { enumerate } from "./domains.js";
import { emit } from "./expand.js";
import { append, warningAt } from "./node.js";
import { inOrder } from "./order.js";
import { emitOutputs, resolveOutputs } from "./outputs.js";
import { Resolver } from "./resolve.js";
import { isBlock, type Producer } from "./scope.js";
import type { PluginSet, Spec } from "./spec.js";
import type { Plan, Task } from "./task.js";

export interface PlanOptions {
  readonly plugins: PluginSet;
  readonly fetched: Fetched;
  readonly outDir?: string;
  readonly texts: ReadonlyMap<string, string>;
  /** Module specifiers of `plugins:`, resolved. */
  readonly modules: readonly string[];
  /** The spec has errors: look up names and types, to tell all at once, but make no tasks. */
  readonly checkOnly?: boolean;
}

/**
 * Makes the plan of a spec: collections read, names looked up, types checked, blocks expanded, files placed.
 *
 * Pure, and without recursion over steps or items.
 *
 * @returns a plan that holds only where no diagnostic is an error
 */
export function makePlan(spec: Spec, options: PlanOptions): { plan: Plan; diagnostics: readonly Diagnostic[] } {
  const found: Diagnostic[] = [];
  const collections = new Map<string, Collection>();
  const broken = new Set(spec.broken);
  const reading = { plugins: options.plugins, defaults: spec.defaults, found, broken };
  for (const input of spec.inputs.values()) {
    if (input.kind === "file") continue;
    const read =
      input.kind === "table" && !options.fetched.tables.has(input.name)
        ? ({ ok: false, diagnostics: [] } as const)
        : collect(input, options.fetched, spec.file);
    if (read.ok) collections.set(input.name, read.value);
    else {
      broken.add(input.name);
      found.push(...read.diagnostics);
    }
  }
  const resolver = new Resolver(spec, collections, reading);
  resolver.resolveAll();
  const { outputs, reports } = resolveOutputs(spec, resolver, reading);
  resolver.resolveReaders();
  const order = inOrder(resolver.producers, resolver.blocks, found);
  append(found, unusedWarnings(resolver.producers, broken));
  const tasks: Task[] = [];
  const planning = { spec, collections, blocks: resolver.blocks, tasks, found };
  let report: Plan["report"];
  if (!options.checkOnly && !found.some((d) => d.severity === "error")) {
    for (const vertex of order) {
      if (isBlock(vertex)) enumerate(vertex, resolver.root, found);
      else if (vertex.kind === "step" || vertex.used) emit(vertex, planning);
    }
    report = emitOutputs(outputs, reports, spec, options.outDir, resolver.root, tasks, found);
  }
  const plan: Plan = {
    name: spec.name,
    ...(spec.about === undefined ? {} : { about: spec.about }),
    file: spec.file,
    texts: options.texts,
    tasks,
    ...(report ? { report } : {}),
    plugins: options.modules,
    env: spec.env,
  };
  return { plan, diagnostics: found };
}

/** A step whose result nobody takes; what judges or is kept counts as used. */
function unusedWarnings(producers: readonly Producer[], broken: ReadonlySet<string>): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  const usedInputs = new Set<string>();
  // A block that runs over something uses it, even if none of its steps takes the value.
  const iterated = new Set<Producer>();
  for (const p of producers) {
    for (const { each } of p.blocks) if (each?.kind === "value") iterated.add(each.producer);
  }
  for (const p of producers) if (p.kind === "input" && (p.used || p.usedAsFile)) usedInputs.add(p.input!.name);
  for (const p of producers) {
    if (p.kind === "input") {
      const { name } = p.input!;
      if (p.column !== undefined || usedInputs.has(name) || broken.has(name) || p.domain.instances.length === 0)
        continue;
      if (iterated.has(p)) continue;
      warnings.push(
        warningAt(p.at, "unused-input", `Nothing uses the input "${name}"`, "Remove it, or name it at a port."),
      );
      continue;
    }
    const types = Object.values((p.bound?.plugin.outputs ?? {}) as Ports);
    const speaks = types.some((t) => t.startsWith("transform") || t.startsWith("metrics"));
    if (p.used || p.usedAsFile || speaks || p.step!.keep || p.step!.gates.length > 0) continue;
    if (p.bound?.plugin.kind === "measure" || iterated.has(p)) continue;
    warnings.push(
      warningAt(
        p.at,
        "unused-step",
        `Nothing uses the result of step "${p.name}"`,
        "Name it under outputs:, or remove it.",
      ),
    );
  }
  return warnings;
}
