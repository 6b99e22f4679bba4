import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Diagnostic } from "../core/diagnostic.js";
import { type AnyPlugin, type Port, type Ports, type PortType, parsePort } from "../core/plugin.js";
import { bind } from "./bind.js";
import { fillTemplate } from "./collections.js";
import { outputTypes, portName, portSource, sourceFor } from "./expand.js";
import { isListFor } from "./house.js";
import { errorAt, problemLimit, shorten } from "./node.js";
import { byExtension, decide, extensionsOf } from "./readers.js";
import type { Resolver } from "./resolve.js";
import { type Domain, fieldOf, type ResolvedPort, relativeId, type Target } from "./scope.js";
import { type Bound, type OutputSpec, type Reading, type Spec, typeWords } from "./spec.js";
import { didYouMean } from "./suggest.js";
import type { Plan, Source, Task } from "./task.js";

/** Keys of an output that are not its writer's. */
export const outputKeys = ["from", "use", "about"] as const;

/** An output whose value and writer are known. */
export interface ResolvedOutput {
  readonly spec: OutputSpec;
  readonly target: Target & { kind: "value" };
  readonly bound: Bound;
  /** The writer's port that takes the value. */
  readonly port: string;
  /** One file for each item of this domain. */
  readonly fanOut: boolean;
  /** The writer's other ports, such as same-grid-as:. */
  readonly others: readonly ResolvedPort[];
}

/** Looks up what each output is, and finds its writer. */
export function resolveOutputs(
  spec: Spec,
  resolver: Resolver,
  reading: Reading,
): { outputs: ResolvedOutput[]; reports: OutputSpec[] } {
  const outputs: ResolvedOutput[] = [];
  const reports: OutputSpec[] = [];
  for (const output of spec.outputs) {
    if (reading.found.length >= problemLimit) break;
    if (output.from.text === "report") {
      if (!/\.html?$/i.test(output.file)) {
        reading.found.push(
          errorAt(
            output.at,
            "report-extension",
            "The report is a web page; its file must end in .html",
            `Write ${output.file.replace(/\.[^./]*$/, "")}.html.`,
          ),
        );
      } else if (reports.length > 0) {
        reading.found.push(
          errorAt(output.at, "two-reports", "The report is written once", "Remove one of the two.", [
            { at: reports[0]!.at, message: "first here" },
          ]),
        );
      } else reports.push(output);
      continue;
    }
    const resolved = resolveOutput(output, resolver, reading);
    if (resolved) outputs.push(resolved);
  }
  return { outputs, reports };
}

function resolveOutput(output: OutputSpec, resolver: Resolver, reading: Reading): ResolvedOutput | undefined {
  const { found, plugins } = reading;
  const target = resolver.lookUp(output.from, undefined, "output");
  if (!target) return undefined;
  if (target.kind === "block") {
    const names = [...target.block.steps.keys()];
    found.push(
      errorAt(
        output.from.at,
        "block-as-value",
        `"${output.from.text}" is a block of steps, not a value`,
        `Name one of its steps, such as ${output.from.text}.${names.at(-1) ?? "STEP"}.`,
        [{ at: target.block.spec.at, message: "the block" }],
      ),
    );
    return undefined;
  }
  decide(target.producer);
  const offered = resolver.typeOf(target, output.from);
  if (!offered) return undefined;
  target.producer.used = true;
  const isList = isListFor(target, resolver.root) || offered.list;
  const hasFields = /\{[^{}]*\}/.test(output.file);
  if (hasFields && offered.list) {
    found.push(
      errorAt(
        output.at,
        "field-without-items",
        `"${output.file}" has a {field}, but which items "${output.from.text}" has is known only when it has run`,
        "Write the list into one file.",
      ),
    );
    return undefined;
  }
  if (hasFields && !isList) {
    found.push(
      errorAt(
        output.at,
        "field-without-items",
        `"${output.file}" has a {field}, but "${output.from.text}" is one value, not a list of items`,
        "Write the name without braces.",
      ),
    );
    return undefined;
  }
  const fanOut = isList && hasFields;
  const chosen = chooseWriter(output, offered.type, isList && !fanOut, reading);
  if (!chosen) {
    if (output.use && !plugins.loaded.has(String(output.use.value))) {
      const writers = plugins.ids.filter((id) => id.startsWith("write/"));
      found.push(
        errorAt(
          output.use.at,
          "unknown-plugin",
          `There is no plugin "${output.use.value}".${didYouMean(String(output.use.value), writers)}`,
        ),
      );
    } else found.push(noWriter(output, offered.type, isList && !fanOut, !offered.list, reading));
    return undefined;
  }
  const bound = bind(
    { ...chosen, entries: output.settings, reserved: outputKeys, at: output.at, role: "writer", given: [chosen.port] },
    reading,
  );
  // One file for each item is written beside the item, so that the item's other values are at hand.
  const blocks = fanOut ? target.producer.blocks : [];
  const domain = fanOut ? target.producer.domain : resolver.root;
  const consumer = { name: output.file, domain, blocks, bound };
  const others = bound.ports.map((use) => resolver.resolvePort(use, consumer, blocks.at(-1)));
  return { spec: output, target, bound, port: chosen.port, fanOut, others };
}

function fittingPort(plugin: AnyPlugin, type: PortType, list: boolean): string | undefined {
  return Object.entries(plugin.inputs as Ports).find(([, port]) => {
    const p = parsePort(port as Port);
    return p.type === type && p.list === list;
  })?.[0];
}

function chooseWriter(output: OutputSpec, type: PortType, list: boolean, { plugins }: Reading) {
  const writers = output.use
    ? [{ id: String(output.use.value), plugin: plugins.loaded.get(String(output.use.value)) }]
    : byExtension(plugins, "write", output.file);
  for (const { id, plugin } of writers) {
    const port = plugin?.kind === "write" ? fittingPort(plugin, type, list) : undefined;
    if (plugin && port !== undefined) return { id, plugin, port };
  }
  return undefined;
}

/** @param known  the list's items are known, so that each can have a file */
function noWriter(output: OutputSpec, type: PortType, list: boolean, known: boolean, { plugins }: Reading): Diagnostic {
  const what = `"${output.from.text}" is ${typeWords(type, list)}`;
  const oneByOne =
    list && known ? extensionsOf(plugins, "write", (p) => fittingPort(p, type, false) !== undefined) : [];
  const name = output.file.split("/").at(-1)!;
  const dot = name.indexOf(".");
  const extension = dot < 0 ? "" : name.slice(dot);
  if (oneByOne.some((e) => output.file.toLowerCase().endsWith(e))) {
    const stem = dot < 0 ? name : name.slice(0, dot);
    const folder = output.file.slice(0, output.file.length - name.length);
    return errorAt(
      output.at,
      "list-into-file",
      `${what}, which cannot go into one file`,
      `Write one file per item: "${folder}${stem}_{id}${extension}".`,
    );
  }
  const extensions = extensionsOf(
    plugins,
    "write",
    (p) => fittingPort(p, type, list) !== undefined || (known && fittingPort(p, type, false) !== undefined),
  );
  const suggestion = extension === "" ? "" : didYouMean(extension.toLowerCase(), extensions);
  return errorAt(
    output.at,
    "no-writer",
    `${what}, and no writer puts that into ${extension === "" ? "a file without extension" : `"${shorten(extension)}"`}.${suggestion}`,
    extensions.length > 0 ? `Let the file end in ${extensions.join(", ")}.` : undefined,
  );
}

/** Appends the tasks that write files, and checks where the files would go. */
export function emitOutputs(
  outputs: readonly ResolvedOutput[],
  reports: readonly OutputSpec[],
  spec: Spec,
  outDir: string | undefined,
  root: Domain,
  tasks: Task[],
  found: Diagnostic[],
): Plan["report"] {
  const folder = resolve(outDir ?? dirname(spec.file));
  const files = new OutputFiles(folder, tasks, found);
  for (const output of outputs) {
    const { target, bound, fanOut } = output;
    const port = portName(target);
    const shared = {
      plugin: bound.id,
      version: bound.plugin.version,
      params: bound.params,
      origins: bound.origins,
      seed: spec.seed,
      outputs: outputTypes(bound.plugin.outputs as Ports),
      gates: [],
      onFail: "stop",
      keep: false,
      at: output.spec.at,
      step: `output:${output.spec.file}`,
    } as const;
    if (!fanOut) {
      const path = files.place(output.spec.file, output.spec);
      if (path === undefined) continue;
      tasks.push({
        ...shared,
        id: `output:${output.spec.file}`,
        inputs: { ...otherInputs(output, root, 0), [output.port]: sourceFor(target, root, 0, port) },
        target: { path, name: output.spec.file },
      });
      continue;
    }
    const { domain } = target.producer;
    for (let i = 0; i < domain.instances.length; i++) {
      const name = fileNameFor(output.spec, domain, i, root, found);
      if (name === undefined) break;
      const path = files.place(name, output.spec);
      if (path === undefined) break;
      tasks.push({
        ...shared,
        id: `output:${name}`,
        item: relativeId(domain, i, root),
        inputs: { ...otherInputs(output, domain, i), [output.port]: { task: target.producer.tasks[i]!, port } },
        target: { path, name },
      });
    }
  }
  const report = reports[0];
  if (!report) return undefined;
  const path = files.place(report.file, report);
  return path === undefined ? undefined : { path, name: report.file };
}

const otherInputs = ({ others }: ResolvedOutput, domain: Domain, index: number): Record<string, Source> =>
  Object.fromEntries(
    others.filter((p) => p.targets.length > 0).map((p) => [p.use.port, portSource(p, domain, index)] as const),
  );

function fileNameFor(
  output: OutputSpec,
  domain: Domain,
  index: number,
  root: Domain,
  found: Diagnostic[],
): string | undefined {
  const filled = fillTemplate(output.file, (name) => fieldValue(name, domain, index, root)?.replaceAll("/", "_"));
  if (filled.ok) return filled.text;
  const known = fieldNames(domain);
  found.push(
    errorAt(
      output.at,
      "unknown-field",
      `Items of "${output.from.text}" have no field "${filled.unknown}".${didYouMean(filled.unknown, known)}`,
      known.length > 0 ? `Fields are ${known.slice(0, 20).join(", ")}.` : undefined,
    ),
  );
  return undefined;
}

/** `{scene.id}`, `{id}`, `{row}`, `{pair.a.id}`: from the innermost block outwards. */
function fieldValue(name: string, domain: Domain, index: number, root: Domain): string | undefined {
  if (name === "id") return relativeId(domain, index, root);
  const path = name.split(".");
  let d: Domain | undefined = domain;
  let i = index;
  while (d?.parent) {
    const own = collectionName(d);
    if (path.length > 1 && (d.name === path[0] || own === path[0])) {
      const value = fieldOf(d, i, path.slice(1));
      if (value !== undefined) return value;
    }
    i = d.instances[i]!.parent;
    d = d.parent;
  }
  d = domain;
  i = index;
  while (d?.parent) {
    const value = fieldOf(d, i, path);
    if (value !== undefined) return value;
    i = d.instances[i]!.parent;
    d = d.parent;
  }
  return undefined;
}

function collectionName(domain: Domain): string | undefined {
  let d: Domain | undefined = domain;
  for (let guard = 0; d && guard < 64; guard++) {
    if (d.collection) return d.name;
    d = d.instances[0]?.entries[0]?.domain;
  }
  return undefined;
}

function fieldNames(domain: Domain): string[] {
  const names = new Set<string>(["id"]);
  for (let d: Domain | undefined = domain; d?.parent; d = d.parent) {
    names.add(`${d.name}.id`);
    let inner: Domain | undefined = d;
    let prefix = "";
    for (let guard = 0; inner && guard < 64; guard++) {
      const instance: Domain["instances"][number] | undefined = inner.instances[0];
      if (inner.collection) {
        for (const f of ["stem", ...inner.collection.fieldNames]) {
          names.add(`${d.name}.${prefix}${f}`);
          if (prefix === "") names.add(f);
        }
      }
      if (instance?.entries.length === 2) {
        prefix += "a.";
        names.add(`${d.name}.${prefix}id`);
        names.add(`${d.name}.b.id`);
      }
      inner = instance?.entries[0]?.domain;
    }
  }
  return [...names];
}

const device = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/** Where outputs go: inside one folder, no two on one file, none on an input. */
class OutputFiles {
  private readonly folder: string;
  private readonly found: Diagnostic[];
  private readonly inputs = new Map<string, Task>();
  private readonly taken = new Map<string, { readonly at: OutputSpec["at"]; readonly name: string }>();

  constructor(folder: string, tasks: readonly Task[], found: Diagnostic[]) {
    this.folder = folder;
    this.found = found;
    for (const task of tasks) for (const path of Object.values(task.files ?? {})) this.inputs.set(fold(path), task);
  }

  /** The absolute path for an output, or a diagnostic. */
  place(name: string, { at }: OutputSpec): string | undefined {
    const refuse = (code: string, message: string, hint?: string, related?: Diagnostic["related"]): undefined => {
      this.found.push(errorAt(at, code, message, hint, related));
      return undefined;
    };
    const parts = name.split(/[\\/]/);
    const strange = parts.find(
      (p) =>
        /[\p{Cc}<>:"|?*{}]/u.test(p) || device.test(p) || /[. ]$/.test(p.replace(/^\.{1,2}$/, "")) || p.length > 200,
    );
    if (strange !== undefined || name === "" || name.includes("\\") || parts.at(-1) === "" || name.length > 1000) {
      return refuse(
        "unsafe-file-name",
        `"${shorten(name)}" is no file name that every system can hold`,
        "Use letters, digits, - and _, and / between folders.",
      );
    }
    const path = resolve(this.folder, name);
    const inside = relative(this.folder, path);
    if (isAbsolute(name) || inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside)) {
      return refuse(
        "output-outside",
        `"${shorten(name)}" lies outside of the folder for outputs`,
        "Write a path below that folder, and choose the folder with --out DIR.",
      );
    }
    const key = fold(path);
    const input = this.inputs.get(key);
    if (input) {
      return refuse(
        "output-is-input",
        `"${name}" is the file of ${input.id.replace(/^input:/, 'input "')}", which must stay as it is`,
        "Give the output another name.",
        [{ at: input.at, message: "the input" }],
      );
    }
    const first = this.taken.get(key) ?? this.enclosing(path);
    if (first) {
      return refuse(
        "same-output",
        `Two outputs go into "${first.name}"`,
        "Give them different names; for items, put {id} into the name.",
        [{ at: first.at, message: "first here" }],
      );
    }
    this.taken.set(key, { at, name });
    return path;
  }

  /** An output that is a folder, such as OME-Zarr, and would hold this one. */
  private enclosing(path: string) {
    for (let p = dirname(path); p.length > this.folder.length; p = dirname(p)) {
      const outer = this.taken.get(fold(p));
      if (outer) return outer;
    }
    return undefined;
  }
}

/** Some file systems hold `A.tif` and `a.tif` in one place. */
const fold = (path: string): string => path.normalize("NFC").toLowerCase();
