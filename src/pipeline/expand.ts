import { resolve } from "node:path";
import type { Diagnostic } from "../core/diagnostic.js";
import { type Port, type Ports, type PortType, parsePort } from "../core/plugin.js";
import { type Collection, resolvePath } from "./collections.js";
import { pointsOf, pointsParams, pointsPath } from "./companion.js";
import { itemsParams, readsItems } from "./items.js";
import { errorAt } from "./node.js";
import { filePort } from "./readers.js";
import {
  ancestor,
  type Block,
  commonDomain,
  type Domain,
  domainOf,
  type EntryRef,
  encloses,
  namesakes,
  type Producer,
  type ResolvedPort,
  rangesIn,
  relativeId,
  type Target,
} from "./scope.js";
import type { Spec } from "./spec.js";
import type { Source, Task } from "./task.js";

type Single = { readonly task: number; readonly port: string };

/** Plain output types of a plugin, for a task. */
export function outputTypes(outputs: Ports): Readonly<Record<string, PortType>> {
  return Object.fromEntries(Object.entries(outputs).map(([name, port]) => [name, parsePort(port as Port).type]));
}

/** The manifest's name of a target's port. */
export function portName(target: Target & { kind: "value" }): string {
  const { outputs } = target.producer.candidates[0]!;
  return target.port === "" ? [...outputs.values()][0]!.port : outputs.get(target.port)!.port;
}

/** The instance of `wanted` that an item stands for: through blocks of blocks down to the collection. */
function instanceOf(entry: EntryRef, wanted: Domain): number {
  let { domain, index } = entry;
  for (;;) {
    if (encloses(wanted, domain)) return ancestor(domain, index, wanted);
    const next = domain.instances[index]!.entries[0];
    if (!next) throw new Error(`Internal error: no way from ${entry.domain.name} to ${wanted.name}`);
    ({ domain, index } = next);
  }
}

/** What a reference is for one instance of a consumer's domain. */
export function sourceFor(target: Target & { kind: "value" }, domain: Domain, index: number, port: string): Source {
  const { producer, item } = target;
  if (item) {
    const inBlock = ancestor(domain, index, item.block.domain);
    const entry = item.block.domain.instances[inBlock]!.entries[item.side]!;
    return { task: producer.tasks[instanceOf(entry, producer.domain)]!, port };
  }
  const others = namesakes(domain, producer.domain);
  if (typeof others === "object") return { task: producer.tasks[others[index]!]!, port };
  if (encloses(producer.domain, domain)) {
    return { task: producer.tasks[ancestor(domain, index, producer.domain)]!, port };
  }
  const common = commonDomain(producer.domain, domain);
  const [start, end] = rangesIn(producer.domain, common)[ancestor(domain, index, common)]!;
  const items: [string, Single][] = [];
  for (let i = start; i < end; i++) {
    items.push([relativeId(producer.domain, i, common), { task: producer.tasks[i]!, port }]);
  }
  return { items };
}

/** What tasks are made from, and where they go. */
export interface Planning {
  readonly spec: Spec;
  readonly collections: ReadonlyMap<string, Collection>;
  readonly blocks: readonly Block[];
  readonly tasks: Task[];
  readonly found: Diagnostic[];
}

/** Appends the tasks of one producer, one per instance of its domain. */
export function emit(producer: Producer, planning: Planning): void {
  const { spec, blocks, tasks } = planning;
  const { bound, domain } = producer;
  if (!bound) return;
  const { plugin } = bound;
  const shared = {
    step: producer.kind === "input" ? `input:${producer.name}` : producer.name,
    plugin: bound.id,
    version: plugin.version,
    params: bound.params,
    origins: bound.origins,
    outputs: outputTypes(plugin.outputs as Ports),
    gates: producer.step?.gates ?? [],
    onFail: producer.kind === "input" ? inputOnFail(producer, blocks) : onFailOf(producer),
    keep: (producer.step?.keep ?? false) || plugin.keeps === true,
    at: producer.at,
  };
  const seed = producer.step?.seed ?? spec.seed;
  const ports = producer.ports
    .filter((p) => p.use.type.type !== "file" && p.targets.length > 0)
    .map((p) => ({ ...p, names: p.targets.map((t) => portName(t as Target & { kind: "value" })) }));
  const files = producer.ports.filter((p) => p.use.type.type === "file");
  for (let i = 0; i < domain.instances.length; i++) {
    const inputs: Record<string, Source> = {};
    for (const port of ports) inputs[port.use.port] = portSource(port, domain, i);
    const item = domain.depth === 0 ? undefined : relativeId(domain, i, rootOf(domain));
    const paths = producer.kind === "input" ? inputFiles(producer, i, planning) : stepFiles(files, spec);
    producer.tasks.push(tasks.length);
    tasks.push({
      id: taskId(producer, i),
      ...shared,
      ...(producer.column === undefined ? {} : { params: columnParams(producer, i, planning) }),
      ...(item === undefined ? {} : { item }),
      seed,
      inputs,
      ...(paths ? { files: paths } : {}),
    });
  }
}

/** What a port is given for one instance of a consumer's domain. @param port  `names`: the targets' ports, where known already */
export function portSource(port: ResolvedPort & { names?: readonly string[] }, domain: Domain, index: number): Source {
  const { use, targets } = port;
  const names = port.names ?? targets.map((t) => portName(t as Target & { kind: "value" }));
  if (!use.listed) return sourceFor(targets[0] as Target & { kind: "value" }, domain, index, names[0]!);
  const taken = new Set<string>();
  const items = targets.map((target, k) => {
    const text = use.references[k]!.text;
    const id = taken.has(text) ? `${text}#${k + 1}` : text;
    taken.add(id);
    return [id, sourceFor(target as Target & { kind: "value" }, domain, index, names[k]!) as Single] as const;
  });
  return { items };
}

/** What the reader of a column is told besides what the user wrote. */
function columnParams(producer: Producer, index: number, { collections }: Planning): Task["params"] {
  const { input, column, domain, bound } = producer;
  const collection = collections.get(input!.name);
  if (!readsItems(collection, column)) return pointsParams(producer, domain.instances[index]!.item);
  return { ...bound!.params, ...itemsParams(collection!) };
}

const rootOf = (domain: Domain): Domain => {
  let d = domain;
  while (d.parent) d = d.parent;
  return d;
};

/** `affine`, `scene[S2A].shift`, `input:fixed`, `input:tiles[r0c0]`, `input:scenes[S2A].cloud_mask`. */
function taskId(producer: Producer, index: number): string {
  if (producer.kind === "input") {
    const { input, column, domain } = producer;
    const item = domain.depth === 0 ? "" : `[${domain.instances[index]!.id}]`;
    return `input:${input!.name}${item}${column === undefined ? "" : `.${column}`}`;
  }
  let id = producer.step!.name;
  let i = index;
  for (let d: Domain = producer.domain; d.parent; d = d.parent) {
    const instance = d.instances[i]!;
    id = `${d.name}[${instance.id}].${id}`;
    i = instance.parent;
  }
  return id;
}

function onFailOf(producer: Producer): Task["onFail"] {
  if (producer.step?.onFail) return producer.step.onFail;
  for (const block of [...producer.blocks].reverse()) if (block.spec.onFail) return block.spec.onFail;
  return "stop";
}

/** A file of a collection may be bad without harm where all blocks that run over it skip bad items. */
function inputOnFail(producer: Producer, blocks: readonly Block[]): Task["onFail"] {
  const over = blocks.filter((b) => b.each && domainOf(b.each) === producer.domain);
  const skips = producer.domain.depth > 0 && over.length > 0 && over.every((b) => b.spec.onFail === "skip");
  return skips ? "skip" : "stop";
}

function inputFiles(producer: Producer, index: number, { spec, collections, found }: Planning): Record<string, string> {
  const { input, bound, column } = producer;
  const main = filePort(bound!.plugin);
  const files: Record<string, string> = {};
  for (const [port, node] of Object.entries(bound!.files))
    files[port] = resolvePath(node, String(node.value), spec.file);
  if (main === undefined) return files;
  const points = pointsOf(input!, column);
  if (points) {
    const filled = pointsPath(points, producer.domain.instances[index]!.item);
    if (filled.ok) files[main] = resolvePath(points.file, filled.text, spec.file);
    return files;
  }
  if (input!.kind === "file") {
    files[main] = resolvePath(input!.file, String(input!.file.value), spec.file);
    return files;
  }
  const collection = collections.get(input!.name)!;
  const item = collection.items[index]!;
  if (column === undefined) {
    files[main] = item.path!;
    return files;
  }
  const cell = item.cells!.get(column)!;
  if (cell.text === "") {
    found.push(
      errorAt(
        cell.at,
        "empty-cell",
        `The column "${column}" of item "${item.id}" is empty, but the pipeline reads its file`,
      ),
    );
  }
  files[main] = resolve(collection.folder, cell.text);
  return files;
}

/** Files that a step reads itself, by ports of type `file`. */
function stepFiles(ports: readonly ResolvedPort[], spec: Spec): Record<string, string> | undefined {
  if (ports.length === 0) return undefined;
  const files: Record<string, string> = {};
  for (const { use, targets } of ports) {
    const input = targets[0]?.kind === "value" ? targets[0].producer.input : undefined;
    if (input?.kind === "file") files[use.port] = resolvePath(input.file, String(input.file.value), spec.file);
  }
  return files;
}
