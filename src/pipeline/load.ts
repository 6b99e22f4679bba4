import { dirname, isAbsolute, join, normalize, resolve } from "node:path";
import type { Diagnostic, Result } from "../core/diagnostic.js";
import type { AnyPlugin, Registry } from "../core/plugin.js";
import { type Fetched, patternOf, resolvePath } from "./collections.js";
import { parseText, withoutMark } from "./document.js";
import { applyParamsFile, applySettings, merge, setFile } from "./layers.js";
import { append, describe, errorAt, type MapNode, type Node, problemLimit } from "./node.js";
import { makePlan } from "./plan.js";
import { readPluginNames, readSpec } from "./read-spec.js";
import type { PluginSet, Spec } from "./spec.js";
import type { Plan } from "./task.js";

/** Where a plan comes from. Files are reached through these functions only. */
export interface LoadOptions {
  /** Path of the pipeline file; places of diagnostics show it as given. */
  readonly file: string;
  /** Its text; read with `readText` when absent. */
  readonly text?: string;
  /** Texts of `--set`: `a.b=c`. */
  readonly set?: readonly string[];
  /** `--params` files, the later over the earlier. */
  readonly paramsFiles?: readonly { readonly file: string; readonly text: string }[];
  /** `--out`: where outputs go; the pipeline's folder when absent. */
  readonly outDir?: string;
  readonly registry: Registry;
  readText(path: string): Promise<Result<string>>;
  /** Files in a folder, or below it when `deep`: paths relative to it, with `/`. An absent folder is a failure. */
  listFiles(folder: string, deep: boolean): Promise<Result<readonly string[]>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loads what `plugins:` names (absolute paths or package names), and returns built-ins and these. */
  loadPlugins?(modules: readonly string[]): Promise<Result<Registry>>;
}

/** A plan or what is wrong; in both cases warnings, and the texts that all places point into. */
export type Loaded = Result<Plan> & {
  readonly warnings: readonly Diagnostic[];
  readonly texts: ReadonlyMap<string, string>;
};

/** Longest chain of `extends:`. */
const extendsLimit = 8;

/**
 * Reads a pipeline and everything it names besides data: parents, parameter files, settings, tables and folders of its collections.
 * Executes nothing. All that is wrong is told at once.
 */
export async function loadPlan(options: LoadOptions): Promise<Loaded> {
  const texts = new Map<string, string>();
  const found: Diagnostic[] = [];
  const finish = (plan: Plan | undefined): Loaded => {
    const errors = found.filter((d) => d.severity === "error");
    // What is unused is so because of an error, most of the time.
    const warnings = found.filter(
      (d) => d.severity !== "error" && (errors.length === 0 || !d.code.startsWith("unused-")),
    );
    if (plan && errors.length === 0) return { ok: true, value: plan, warnings, texts };
    return { ok: false, diagnostics: sorted(errors, texts), warnings, texts };
  };
  let text = options.text;
  if (text === undefined) {
    const read = await options.readText(options.file);
    if (!read.ok) {
      append(found, read.diagnostics);
      return finish(undefined);
    }
    text = read.value;
  }
  const document = await readDocument(options, text, texts, found);
  if (!document) return finish(undefined);
  const modules = readPluginNames(document.entries.get("plugins"), []).map((m) => resolveModule(m, options.file));
  let registry = options.registry;
  if (modules.length > 0 && options.loadPlugins) {
    const loaded = await options.loadPlugins(modules);
    if (loaded.ok) registry = loaded.value;
    else {
      const at = document.entries.get("plugins")!.value.at;
      found.push(...loaded.diagnostics.map((d) => ({ at, ...d })));
    }
  }
  let plugins = await loadUsed(document, registry);
  const read = readSpec(document, { file: options.file, plugins, env: options.env });
  append(found, read.diagnostics);
  if (read.diagnostics.length >= problemLimit) return finish(undefined);
  const fetched = await fetchCollections(read.spec, options, texts, found);
  const checkOnly = found.some((d) => d.severity === "error");
  const planning = {
    fetched,
    texts,
    modules,
    checkOnly,
    ...(options.outDir === undefined ? {} : { outDir: options.outDir }),
  };
  let made = makePlan(read.spec, { ...planning, plugins });
  if (made.diagnostics.some((d) => d.code === "port-type" && d.hint === undefined)) {
    // A hint may name a plugin that the pipeline does not; only then is it worth to load them all.
    plugins = await loadAll(registry);
    made = makePlan(read.spec, { ...planning, plugins });
  }
  append(found, made.diagnostics);
  return finish(made.plan);
}

/** In the order of the file, pipeline first; diagnostics without a place at the end. */
function sorted(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>): Diagnostic[] {
  const files = [...texts.keys()];
  const rank = (d: Diagnostic): number => (d.at ? files.indexOf(d.at.file) : files.length);
  return diagnostics
    .map((d, i) => ({ d, i }))
    .sort((a, b) => rank(a.d) - rank(b.d) || (a.d.at?.offset ?? 0) - (b.d.at?.offset ?? 0) || a.i - b.i)
    .map(({ d }) => d);
}

const resolveModule = (specifier: string, file: string): string =>
  /^\.{1,2}[\\/]/.test(specifier) || isAbsolute(specifier) ? resolve(dirname(file), specifier) : specifier;

/** The document with its parents below it, and parameter files and settings above. */
async function readDocument(
  options: LoadOptions,
  text: string,
  texts: Map<string, string>,
  found: Diagnostic[],
): Promise<MapNode | undefined> {
  const clean = withoutMark(text);
  texts.set(options.file, clean);
  const own = readMap(options.file, clean, "pipeline", found);
  if (!own) return undefined;
  let document = await withParents(own, options, texts, found);
  if (!document) return undefined;
  for (const { file, text: params } of options.paramsFiles ?? []) {
    texts.set(file, withoutMark(params));
    const applied = applyParamsFile(document, file, params);
    document = applied.document;
    append(found, applied.diagnostics);
  }
  if (options.set && options.set.length > 0) {
    const applied = applySettings(document, options.set);
    texts.set(setFile, applied.text);
    document = applied.document;
    append(found, applied.diagnostics);
  }
  return document;
}

function readMap(file: string, text: string, origin: "pipeline" | "extends", found: Diagnostic[]): MapNode | undefined {
  const parsed = parseText(file, text, origin);
  if (!parsed.ok) {
    append(found, parsed.diagnostics);
    return undefined;
  }
  append(found, parsed.value.warnings);
  const { root } = parsed.value;
  if (root.type === "map") return root;
  found.push(
    errorAt(
      { ...root.at, length: Math.min(root.at.length, 40) },
      "not-a-map",
      `A pipeline is a map of keys, but the file holds ${describe(root)}`,
      "Begin with the line tiepoint: 1.",
    ),
  );
  return undefined;
}

async function withParents(
  own: MapNode,
  options: LoadOptions,
  texts: Map<string, string>,
  found: Diagnostic[],
): Promise<MapNode | undefined> {
  const layers: MapNode[] = [own];
  const links: { path: string; at: Node["at"] }[] = [];
  const seen = new Map<string, number>([[resolve(options.file), 0]]);
  let at = own.entries.get("extends");
  while (at) {
    const node = at.value;
    if (node.type !== "scalar" || typeof node.value !== "string" || node.value === "") {
      found.push(
        errorAt(
          node.at,
          "bad-extends",
          `Expected the path of one pipeline file for extends, but found ${describe(node)}`,
          node.type === "list" ? "A pipeline extends one other; that one may extend a third." : undefined,
        ),
      );
      return undefined;
    }
    const file = resolvePath(node, node.value, options.file);
    links.push({ path: node.value, at: node.at });
    if (seen.has(file)) {
      const circle = links.slice(seen.get(file)!);
      found.push(
        errorAt(
          circle[0]!.at,
          "extends-circle",
          `Files extend one another in a circle: ${circle.map((l) => l.path).join(" -> ")}`,
          "Remove one extends:.",
          circle.map((l) => ({ at: l.at, message: `extends ${l.path}` })),
        ),
      );
      return undefined;
    }
    if (links.length > extendsLimit) {
      found.push(
        errorAt(
          node.at,
          "extends-too-long",
          `More than ${extendsLimit} files extend one another`,
          "Merge some of them.",
        ),
      );
      return undefined;
    }
    seen.set(file, links.length);
    const read = await options.readText(file);
    if (!read.ok) {
      found.push(
        errorAt(
          node.at,
          "extends-unreadable",
          `"${node.value}" cannot be read: ${read.diagnostics[0]!.message}`,
          "Paths are relative to the file that says them.",
        ),
      );
      return undefined;
    }
    const shown = shownPath(options.file, file, node.value, links.length === 1);
    const text = withoutMark(read.value);
    texts.set(shown, text);
    const parent = readMap(shown, text, "extends", found);
    if (!parent) return undefined;
    const plugins = parent.entries.get("plugins");
    if (plugins) {
      found.push(
        errorAt(
          plugins.at,
          "plugins-in-parent",
          "A file that is extended may not load plugins",
          `Move plugins: into ${options.file}.`,
        ),
      );
    }
    const { entries } = parent;
    layers.push({ ...parent, entries: new Map([...entries].filter(([key]) => key !== "plugins")) });
    at = parent.entries.get("extends");
  }
  let merged = layers.pop()!;
  for (const layer of layers.reverse()) merged = merge(merged, layer);
  return { ...merged, at: own.at };
}

/** A parent is shown as the pipeline names it, relative to the folder that the pipeline was given in. */
function shownPath(pipeline: string, file: string, written: string, direct: boolean): string {
  return !direct || isAbsolute(written) || isAbsolute(pipeline) ? file : normalize(join(dirname(pipeline), written));
}

/** Loads the plugins that the document names (wherever it does: `use:` may be misspelt), and all readers and writers, which are chosen by extension. */
async function loadUsed(document: MapNode, registry: Registry): Promise<PluginSet> {
  const named = new Set<string>();
  const stack: Node[] = [document];
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (node.type === "list") append(stack, node.items);
    if (node.type !== "map") continue;
    for (const [key, e] of node.entries) {
      if (e.value.type === "scalar") named.add(e.value.source);
      else named.add(key);
      if (e.value.type !== "scalar") stack.push(e.value);
    }
  }
  return load(
    registry,
    registry.ids.filter((id) => named.has(id) || id.startsWith("read/") || id.startsWith("write/")),
  );
}

const loadAll = (registry: Registry): Promise<PluginSet> => load(registry, registry.ids);

async function load(registry: Registry, ids: readonly string[]): Promise<PluginSet> {
  const loaded = new Map<string, AnyPlugin>();
  for (const id of ids) {
    const plugin = await registry.load(id);
    if (plugin) loaded.set(id, plugin);
  }
  return { ids: registry.ids, loaded };
}

async function fetchCollections(
  spec: Spec,
  options: LoadOptions,
  texts: Map<string, string>,
  found: Diagnostic[],
): Promise<Fetched> {
  const listings = new Map<string, readonly string[]>();
  const failures = new Map<string, string>();
  const tables = new Map<string, { file: string; text: string }>();
  for (const input of spec.inputs.values()) {
    if (input.kind === "all") {
      const pattern = patternOf(input, options.file);
      if (!pattern.ok) continue; // told when the collection is read
      const listed = await options.listFiles(pattern.value.folder, pattern.value.pattern.deep);
      if (listed.ok) listings.set(input.name, listed.value);
      else failures.set(input.name, listed.diagnostics[0]!.message);
    } else if (input.kind === "table") {
      const source = input.source!;
      const file = resolvePath(source, String(source.value), options.file);
      const read = await options.readText(file);
      if (read.ok) {
        const text = withoutMark(read.value);
        texts.set(file, text);
        tables.set(input.name, { file, text });
      } else {
        found.push(
          errorAt(
            source.at,
            "table-unreadable",
            `The table of "${input.name}" cannot be read: ${read.diagnostics[0]!.message}`,
            "Paths are relative to the pipeline file.",
          ),
        );
      }
    }
  }
  return { listings, failures, tables };
}
