import type { AnyPlugin, Ports, PortType } from "../core/plugin.js";
import { bind, portsByName } from "./bind.js";
import type { Collection } from "./collections.js";
import { checkTemplate, pointsOf, pointsPath, withImage } from "./companion.js";
import { inputKeys, pointsKeys } from "./inputs.js";
import { itemReaders, readsItems } from "./items.js";
import { errorAt, shorten } from "./node.js";
import type { Candidate, Producer } from "./scope.js";
import type { InputSpec, PluginSet, Reading } from "./spec.js";
import { didYouMean } from "./suggest.js";

/** Plugins of a kind whose extensions fit a file name, longest extension first. */
export function byExtension(
  plugins: PluginSet,
  kind: "read" | "write",
  file: string,
): { id: string; plugin: AnyPlugin }[] {
  const name = file.toLowerCase();
  const found: { id: string; plugin: AnyPlugin; length: number }[] = [];
  for (const id of plugins.ids) {
    const plugin = plugins.loaded.get(id);
    if (plugin?.kind !== kind) continue;
    const fit = plugin.formats?.extensions.filter((e) => name.endsWith(e)) ?? [];
    if (fit.length > 0) found.push({ id, plugin, length: Math.max(...fit.map((e) => e.length)) });
  }
  return found.sort((a, b) => b.length - a.length);
}

/** All extensions of a kind, for messages. */
export function extensionsOf(plugins: PluginSet, kind: "read" | "write", fits: (p: AnyPlugin) => boolean): string[] {
  const all = new Set<string>();
  for (const plugin of plugins.loaded.values()) {
    if (plugin.kind === kind && fits(plugin)) for (const e of plugin.formats?.extensions ?? []) all.add(e);
  }
  return [...all].sort();
}

const candidate = (id: string, plugin: AnyPlugin): Candidate => ({ id, outputs: portsByName(plugin.outputs as Ports) });

/** A path that stands for all files of an input, or of one column of its table: its first. */
function samplePath(
  input: InputSpec,
  collection: Collection | undefined,
  column: string | undefined,
): string | undefined {
  const first = collection?.items[0];
  const points = pointsOf(input, column);
  if (points) {
    const filled = pointsPath(points, first);
    return filled.ok ? filled.text : undefined;
  }
  if (input.kind === "file") return String(input.file.value);
  return column === undefined ? first?.path : first?.fields.get(column);
}

const givesPoints = (plugin: AnyPlugin): boolean => Object.values(plugin.outputs as Ports)[0] === "points";

/** `use:` of an input, or of its points. */
const usedBy = (input: InputSpec, column: string | undefined) =>
  column === undefined ? input.use : pointsOf(input, column)?.use;

/** Readers that could be meant for an input: the one of `use:`, or those with the longest extension that fits. */
export function readerCandidates(
  input: InputSpec,
  collection: Collection | undefined,
  column: string | undefined,
  plugins: PluginSet,
): readonly Candidate[] {
  if (readsItems(collection, column)) return itemReaders(plugins).map(([id, plugin]) => candidate(id, plugin));
  const use = usedBy(input, column);
  if (use) {
    const plugin = plugins.loaded.get(String(use.value));
    return plugin?.kind === "read" ? [candidate(String(use.value), plugin)] : [];
  }
  const path = samplePath(input, collection, column);
  if (path === undefined) return [];
  const fitting = byExtension(plugins, "read", path);
  const all = pointsOf(input, column) ? fitting.filter((r) => givesPoints(r.plugin)) : fitting;
  const longest = all[0] ? longestExtension(all[0].plugin, path) : 0;
  return all.filter((r) => longestExtension(r.plugin, path) === longest).map((r) => candidate(r.id, r.plugin));
}

const longestExtension = (plugin: AnyPlugin, path: string): number =>
  Math.max(0, ...(plugin.formats?.extensions ?? []).filter((e) => path.toLowerCase().endsWith(e)).map((e) => e.length));

/** Narrows an input down to one reader: the first whose value is of the wanted type, or else the first. */
export function decide(producer: Producer, wanted?: PortType): void {
  if (producer.candidates.length < 2) return;
  const fit = producer.candidates.find((c) => [...c.outputs.values()][0]?.type.type === wanted);
  producer.candidates = [fit ?? producer.candidates[0]!];
}

/** Why an input has no reader. */
export function noReader(producer: Producer, collection: Collection | undefined, reading: Reading): void {
  const { plugins, found } = reading;
  const input = producer.input!;
  const points = pointsOf(input, producer.column);
  const use = usedBy(input, producer.column);
  if (use) {
    const id = String(use.value);
    const isReader = plugins.loaded.has(id);
    const readers = plugins.ids.filter((i) => i.startsWith("read/"));
    found.push(
      errorAt(
        use.at,
        "unknown-plugin",
        isReader
          ? `"${id}" reads no files; use: of an input names a reader`
          : `There is no plugin "${id}".${didYouMean(id, readers)}`,
        isReader ? `Readers are ${readers.join(", ")}.` : undefined,
      ),
    );
    return;
  }
  const path = samplePath(input, collection, producer.column);
  const at = points ? points.file.at : input.kind === "file" ? input.file.at : (collection?.items[0]?.at ?? input.at);
  if (path === undefined && points) {
    checkTemplate(points.file, collection, reading);
    return;
  }
  if (path === undefined) {
    found.push(
      errorAt(
        input.at,
        "no-file-column",
        `The table of "${input.name}" has no column "file", so its items have no file of their own`,
        `Name a column, as in ${input.name}.COLUMN, or call the column file.`,
      ),
    );
    return;
  }
  const known = extensionsOf(plugins, "read", (p) => !points || givesPoints(p));
  const extension = /\.[A-Za-z0-9]+$/.exec(path)?.[0] ?? "";
  found.push(
    errorAt(
      at,
      "no-reader",
      `No reader knows ${extension === "" ? "a file without extension" : `"${extension}"`}: "${shorten(path)}".${extension === "" ? "" : didYouMean(extension.toLowerCase(), known)}`,
      `Files end in ${known.join(", ")}; or name the reader by use:.`,
    ),
  );
}

/** Binds a decided reader to what is written for the input. */
export function bindReader(producer: Producer, reading: Reading): void {
  const id = producer.candidates[0]!.id;
  const plugin = reading.plugins.loaded.get(id)!;
  const main = Object.entries(plugin.inputs as Ports).find(([, p]) => p === "file" || p === "file?")?.[0];
  const points = pointsOf(producer.input!, producer.column);
  const bound = bind(
    {
      id,
      plugin,
      entries: producer.column === undefined ? producer.input!.settings : (points?.settings ?? new Map()),
      reserved: points ? pointsKeys : inputKeys,
      at: points?.at ?? producer.at,
      role: "reader",
      given: main === undefined ? [] : [main],
    },
    reading,
  );
  for (const key of ["file", "image"]) {
    const value = points?.settings.get(key)?.value;
    if (value?.type === "scalar") checkTemplate(value, producer.domain.collection, reading);
  }
  producer.bound = withImage(bound, producer);
}

/** A collection has one reader; a file that it does not know by its extension is told. */
export function checkFormats(producer: Producer, { plugins, found }: Reading): void {
  const { input, domain, column } = producer;
  const { id } = producer.candidates[0]!;
  if (!domain.collection || usedBy(input!, column) || pointsOf(input!, column)) return;
  const plugin = plugins.loaded.get(id)!;
  for (const item of domain.collection.items) {
    const cell = column === undefined ? undefined : item.cells?.get(column);
    const path = column === undefined ? item.path : cell?.text;
    if (path === undefined || path === "" || longestExtension(plugin, path) > 0) continue;
    found.push(
      errorAt(
        cell?.at ?? item.at,
        "mixed-formats",
        `${id} reads "${producer.name}", but does not know the file "${shorten(path)}"`,
        "Put files of another format into an input of their own.",
      ),
    );
    return;
  }
}

/** The port of a reader that takes the file itself. */
export const filePort = (plugin: AnyPlugin): string | undefined =>
  Object.entries(plugin.inputs as Ports).find(([, p]) => p === "file" || p === "file?")?.[0];
