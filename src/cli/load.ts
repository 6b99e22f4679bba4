import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { registry } from "../../plugins/index.js";
import { type Diagnostic, failed, ok, problem, type Result } from "../core/diagnostic.js";
import type { AnyPlugin, Registry } from "../core/plugin.js";
import { pluginId } from "../core/plugin.js";
import { type Loaded, loadPlan } from "../pipeline/load.js";
import { didYouMean } from "../pipeline/suggest.js";
import type { Plan } from "../pipeline/task.js";
import { withModuleDigest } from "../run/user-plugins.js";
import { CommandFailure, exit } from "./exit.js";

export interface PlanSource {
  readonly file: string;
  readonly set?: readonly string[];
  readonly params?: readonly string[];
  readonly out?: string;
}

export interface LoadedPlan {
  readonly plan: Plan;
  readonly warnings: readonly Diagnostic[];
  /** Modules of the pipeline's own plugins, as URLs for lanes. */
  readonly pluginUrls: readonly string[];
}

/** Most that is read of a pipeline, a parameter file or a table of inputs. */
const MAX_TEXT = 64e6;
/** Most files that a pattern may look at. */
const MAX_FILES = 1e6;

/**
 * Reads and checks a pipeline, with everything that its diagnostics point into.
 *
 * @throws CommandFailure when the pipeline file is missing (status 4)
 */
export async function load(source: PlanSource): Promise<Loaded & { readonly pluginUrls: readonly string[] }> {
  const text = await readText(source.file);
  if (!text.ok) {
    throw new CommandFailure(exit.inputMissing, [await missingPipeline(source.file, text.diagnostics[0]!)]);
  }
  const paramsFiles: { file: string; text: string }[] = [];
  for (const file of source.params ?? []) {
    const params = await readText(file);
    if (!params.ok) throw new CommandFailure(exit.inputMissing, params.diagnostics);
    paramsFiles.push({ file, text: params.value });
  }
  let pluginUrls: readonly string[] = [];
  const loaded = await loadPlan({
    file: source.file,
    text: text.value,
    set: source.set ?? [],
    paramsFiles,
    ...(source.out === undefined ? {} : { outDir: resolve(source.out) }),
    registry: registry(),
    readText,
    listFiles,
    env: process.env,
    async loadPlugins(modules) {
      const found = await loadUserPlugins(modules, source.file);
      if (!found.ok) return found;
      pluginUrls = found.value.urls;
      return ok(found.value.registry);
    },
  });
  return { ...loaded, pluginUrls };
}

/** The plan, or the command ends with everything that is wrong with the pipeline (status 2). */
export async function loadOrFail(source: PlanSource): Promise<LoadedPlan> {
  const loaded = await load(source);
  if (!loaded.ok) {
    throw new CommandFailure(exit.wrongUsage, [...loaded.diagnostics, ...loaded.warnings], loaded.texts);
  }
  return { plan: loaded.value, warnings: loaded.warnings, pluginUrls: loaded.pluginUrls };
}

/** Text of a file of the user; a missing, foreign or much too large file is told in plain words. */
export async function readText(path: string): Promise<Result<string>> {
  try {
    const { size } = await stat(path);
    if (size > MAX_TEXT) {
      return failed(
        problem("file-too-large", `${path} has ${size} bytes; at most ${MAX_TEXT} are read of a text file`),
      );
    }
    return ok(await readFile(path, "utf8"));
  } catch (error) {
    return failed(problem("file-unreadable", told(error, path)));
  }
}

/** An error of the file system in plain words. */
export function told(error: unknown, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return `${path} does not exist`;
    case "EACCES":
    case "EPERM":
      return `${path} may not be read by this user`;
    case "EISDIR":
      return `${path} is a folder, not a file`;
    case "ENOTDIR":
      return `${path} leads through something that is no folder`;
    default:
      return `${path}: ${message}`;
  }
}

async function listFiles(folder: string, deep: boolean): Promise<Result<readonly string[]>> {
  try {
    const found: string[] = [];
    const pending = [""];
    while (pending.length > 0) {
      const below = pending.pop()!;
      for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
        const path = below === "" ? entry.name : `${below}/${entry.name}`;
        if (entry.isDirectory()) {
          if (deep && !entry.name.startsWith(".")) pending.push(path);
        } else found.push(path);
      }
      if (found.length > MAX_FILES) {
        return failed(
          problem("too-many-files", `${folder} holds more than ${MAX_FILES} files`, "Name a folder further down."),
        );
      }
    }
    return ok(found);
  } catch (error) {
    return failed(problem("folder-unreadable", told(error, folder)));
  }
}

async function missingPipeline(file: string, why: Diagnostic): Promise<Diagnostic> {
  let names: string[] = [];
  try {
    names = (await readdir(dirname(resolve(file)))).filter((name) => /\.ya?ml$/i.test(name));
  } catch {
    // The folder is missing too.
  }
  const meant = didYouMean(basename(file), names);
  const hint =
    names.length === 0
      ? "tiepoint init writes a pipeline to begin with."
      : meant.trim() || `Here are: ${names.slice(0, 5).join(", ")}.`;
  return problem("pipeline-unreadable", `The pipeline cannot be read: ${why.message}`, hint);
}

interface UserPlugins {
  readonly registry: Registry;
  readonly urls: readonly string[];
}

/** Loads the modules that `plugins:` names: paths, or packages found from the pipeline's folder. This runs their code. */
async function loadUserPlugins(modules: readonly string[], pipeline: string): Promise<Result<UserPlugins>> {
  const extra: Record<string, AnyPlugin> = {};
  const urls: string[] = [];
  const wrong: Diagnostic[] = [];
  const builtIn = new Set(registry().ids);
  for (const module of modules) {
    try {
      const url = isAbsolute(module)
        ? pathToFileURL(module).href
        : pathToFileURL(createRequire(resolve(pipeline)).resolve(module)).href;
      const loaded = (await import(url)) as { default?: unknown };
      const plugins = (Array.isArray(loaded.default) ? loaded.default : [loaded.default]) as (AnyPlugin | undefined)[];
      for (const plugin of plugins) {
        if (!plugin?.kind || !plugin.name || typeof plugin.run !== "function") {
          wrong.push(
            problem(
              "not-a-plugin",
              `${module} has no plugin as its default export`,
              "Export definePlugin({ … }) from tiepoint/plugin.",
            ),
          );
          continue;
        }
        const id = pluginId(plugin);
        if (builtIn.has(id)) {
          wrong.push(
            problem("plugin-clash", `${module} defines ${id}, which is built in`, "Give the plugin another name."),
          );
        } else extra[id] = withModuleDigest(plugin, url);
      }
      urls.push(url);
    } catch (error) {
      wrong.push(
        problem(
          "plugin-unloadable",
          `The plugin ${module} cannot be loaded: ${(error as Error).message.split("\n")[0]}`,
          "Paths are relative to the pipeline file; packages must be installed beside it.",
        ),
      );
    }
  }
  return wrong.length > 0 ? failed(...wrong) : ok({ registry: registry(extra), urls });
}
