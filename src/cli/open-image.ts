import { closeSync, openSync, readSync, statSync } from "node:fs";
import { registry } from "../../plugins/index.js";
import { type Diagnostic, failed, ok, problem, type Result } from "../core/diagnostic.js";
import type { Image } from "../core/image.js";
import type { AnyPlugin } from "../core/plugin.js";
import { byExtension } from "../pipeline/readers.js";

/** An image as its reader opens it without settings. */
export interface OpenedImage {
  readonly image: Image;
  readonly plugin: AnyPlugin;
  readonly notes: readonly Diagnostic[];
}

/** Opens a file for looking at, outside of any pipeline. */
export async function openImage(path: string): Promise<Result<OpenedImage>> {
  const plugin = await imageReader(path);
  if (!plugin) {
    return failed(
      problem("no-reader", `No reader knows ${path}`, "tiepoint plugins read lists all readers and their files."),
    );
  }
  // Readers keep what they decoded by the digest: here the path stands for it, since files do not change meanwhile.
  const file = { path, sha256: path, bytes: statSync(path).size };
  const defaults = Object.entries(plugin.params as Record<string, { default?: unknown }>);
  const outcome = await plugin.run({ file }, Object.fromEntries(defaults.map(([k, p]) => [k, p.default])), {
    signal: new AbortController().signal,
    random: () => 0,
    memory: 1e9,
    progress: () => undefined,
  });
  if (!outcome.ok) return failed(...outcome.diagnostics.map((d) => ({ ...d, message: `${path}: ${d.message}` })));
  return ok({ image: Object.values(outcome.value)[0] as Image, plugin, notes: outcome.notes ?? [] });
}

let readers: Promise<Map<string, AnyPlugin>> | undefined;

async function loadReaders(): Promise<Map<string, AnyPlugin>> {
  const { ids, load } = registry();
  const loaded = new Map<string, AnyPlugin>();
  for (const id of ids) if (id.startsWith("read/")) loaded.set(id, (await load(id))!);
  return loaded;
}

/** The reader for a file's extension, or else for its first bytes. */
async function imageReader(path: string): Promise<AnyPlugin | undefined> {
  readers ??= loadReaders();
  const loaded = await readers;
  const gives = (plugin: AnyPlugin) => Object.values(plugin.outputs)[0] === "image";
  const byName = byExtension({ ids: [...loaded.keys()], loaded }, "read", path).find(({ plugin }) => gives(plugin));
  if (byName) return byName.plugin;
  const head = firstBytes(path);
  return [...loaded.values()].find((p) => gives(p) && p.formats?.magic?.some((m) => head.startsWith(m)));
}

function firstBytes(path: string): string {
  const buffer = Buffer.alloc(16);
  const fd = openSync(path, "r");
  try {
    return buffer.subarray(0, readSync(fd, buffer, 0, 16, 0)).toString("hex");
  } finally {
    closeSync(fd);
  }
}
