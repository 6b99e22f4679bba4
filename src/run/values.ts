import { basename } from "node:path";
import { type Diagnostic, DiagnosticError } from "../core/diagnostic.js";
import type { Image } from "../core/image.js";
import type { AnyPlugin, Context, FileRef, Registry } from "../core/plugin.js";
import { changed, type SeenFile } from "./files.js";
import { fileTiles, keptImage } from "./kept.js";
import { blockTiles } from "./kept-blocks.js";
import { pluginParams } from "./params.js";
import { type Action, type InputRef, MissingValueError, type Store, type StoredOutput, stampOf } from "./store.js";
import { decodeValue, isImage, type PortRef } from "./value.js";

/** Images that a lane keeps built: closures and small caches, no pixels. */
const BUILT_MAX = 512;

interface Built {
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Digests of the files that the images read from. */
  readonly files: ReadonlySet<string>;
}

/**
 * The values of a run as one lane sees them: it reads what is stored, and rebuilds lazy images from the actions that gave them.
 *
 * An image is built by running its step's plugin again, on images that are built the same way; `run` of such a step is cheap by
 * contract, and pixels flow only when somebody reads them.
 */
export class Values {
  readonly #built = new Map<string, Built>();
  /** Files by digest: where their bytes are on this machine. */
  readonly #files = new Map<string, SeenFile>();
  #touched = new Map<string, SeenFile>();

  constructor(
    readonly store: Store,
    readonly registry: Registry,
    /** A context for rebuilding an image; the task that wants it decides about memory and cancelling. */
    private readonly context: (seed: number) => Context,
  ) {}

  addFiles(files: readonly SeenFile[]): void {
    for (const file of files) this.#files.set(file.sha256, file);
  }

  /** Begins a task: from here on the files that it reads are noted. */
  begin(): void {
    this.#touched = new Map();
  }

  /** Diagnostics for the files that the task read and that have changed since their digests were taken. */
  changes(): readonly Diagnostic[] {
    return [...this.#touched.values()]
      .filter((file) => stampOf(file.path) !== file.stamp)
      .map((file) => changed(file.path));
  }

  /** The value for an input port. */
  async input(ref: InputRef): Promise<unknown> {
    if ("items" in ref) {
      const items = new Map<string, unknown>();
      for (const [id, item] of ref.items) items.set(id, await this.port(item));
      return items;
    }
    return "sha256" in ref ? this.#file(ref) : this.port(ref);
  }

  /** What an output port carried. */
  async port({ key, port, item }: PortRef): Promise<unknown> {
    const action = this.#action(key);
    const output = action.outputs.find((o) => o.port === port);
    if (!output) throw new Error(`Internal error: action ${key} of ${action.plugin} has no output ${port}`);
    const value = output.type === "image" ? (await this.#build(key)).outputs[port] : await this.#stored(output, key);
    return item === undefined ? value : (value as ReadonlyMap<string, unknown>).get(item);
  }

  async #stored(output: StoredOutput, key: string): Promise<unknown> {
    const bytes = this.store.get(output.digest);
    if (!bytes) throw new MissingValueError(key, `output ${output.port}`);
    return decodeValue(bytes.toString(), (ref) => this.port(ref) as Promise<Image>);
  }

  /** Takes the outputs of a step that ran just now: its images get their recipes, and need not be built again in this lane. */
  adopt(
    action: Pick<Action, "key" | "plugin" | "params" | "seed" | "inputs">,
    outputs: Readonly<Record<string, unknown>>,
  ) {
    const built = { outputs: withRecipes(outputs, action, this.nameOf(action)), files: this.#filesUnder(action) };
    this.#built.set(action.key, built);
    return built.outputs;
  }

  #file(ref: { readonly sha256: string; readonly bytes: number }): FileRef {
    const file = this.#files.get(ref.sha256);
    if (!file) throw new Error(`Internal error: no file with digest ${ref.sha256} in this run`);
    this.#touch(ref.sha256);
    return { path: file.path, sha256: file.sha256, bytes: file.bytes };
  }

  /** What to call the file that a step reads, if it reads one. */
  nameOf({ inputs }: Pick<Action, "inputs">): string | undefined {
    for (const ref of Object.values(inputs)) {
      const file = "sha256" in ref ? this.#files.get(ref.sha256) : undefined;
      if (file) return basename(file.path);
    }
    return undefined;
  }

  #touch(digest: string): void {
    const file = this.#files.get(digest);
    if (file) this.#touched.set(file.path, file);
  }

  #action(key: string): Action {
    const action = this.store.action(key);
    if (!action) throw new MissingValueError(key, "the record");
    return action;
  }

  /** The images of an action. Those that it rests on are built before it, deepest first, so that a long chain needs no deep stack. */
  async #build(key: string): Promise<Built> {
    for (const action of this.#unbuilt(key)) {
      this.#built.set(action.key, this.#kept(action) ?? (await this.#rebuild(action)));
    }
    const built = this.#built.get(key)!;
    for (const digest of built.files) this.#touch(digest);
    this.#trim();
    return built;
  }

  /** Actions whose images must be built for that of `key`, each after those it rests on. */
  #unbuilt(key: string): readonly Action[] {
    const order: Action[] = [];
    const seen = new Set<string>();
    const stack: { readonly key: string; readonly action?: Action }[] = [{ key }];
    while (stack.length > 0) {
      const top = stack.pop()!;
      if (top.action) {
        order.push(top.action);
        continue;
      }
      if (seen.has(top.key) || this.#built.has(top.key)) continue;
      seen.add(top.key);
      const action = this.#action(top.key);
      stack.push({ key: top.key, action });
      if (!action.outputs.some((output) => output.pixels)) {
        for (const upstream of refsOf(action)) {
          if (!seen.has(upstream.key) && this.#givesImages(upstream.key)) stack.push({ key: upstream.key });
        }
      }
    }
    return order;
  }

  #givesImages(key: string): boolean {
    return this.#built.has(key) || this.#action(key).outputs.some((output) => output.type === "image");
  }

  /** Images whose pixels lie in the store; they rest on nothing. */
  #kept(action: Action): Built | undefined {
    const outputs: Record<string, unknown> = {};
    for (const { port, type, pixels, image } of action.outputs) {
      if (type !== "image") continue;
      if (!pixels || !image) return undefined;
      const missing = () => new MissingValueError(action.key, `pixels of ${port}`);
      const tiles = pixels.blocks
        ? blockTiles(this.store, pixels, image, missing)
        : fileTiles(this.store.pathOf(pixels.digest, pixels.bytes), missing);
      outputs[port] = keptImage(tiles, image);
    }
    return { outputs: withRecipes(outputs, action), files: new Set() };
  }

  async #rebuild(action: Action): Promise<Built> {
    const plugin = await this.plugin(action.plugin);
    const inputs: Record<string, unknown> = {};
    for (const [port, ref] of Object.entries(action.inputs)) inputs[port] = await this.input(ref);
    const outcome = await plugin.run(inputs, pluginParams(plugin.params, action.params), this.context(action.seed));
    if (!outcome.ok) throw new DiagnosticError(...outcome.diagnostics);
    return { outputs: withRecipes(outcome.value, action, this.nameOf(action)), files: this.#filesUnder(action) };
  }

  #filesUnder(action: Pick<Action, "inputs">): ReadonlySet<string> {
    const files = new Set<string>();
    for (const ref of Object.values(action.inputs)) if ("sha256" in ref) files.add(ref.sha256);
    for (const { key } of refsOf(action)) for (const file of this.#built.get(key)?.files ?? []) files.add(file);
    return files;
  }

  #trim(): void {
    for (const key of this.#built.keys()) {
      if (this.#built.size <= BUILT_MAX) return;
      this.#built.delete(key);
    }
  }

  async plugin(id: string): Promise<AnyPlugin> {
    const plugin = await this.registry.load(id);
    if (!plugin) throw new Error(`Internal error: no plugin ${id}`);
    return plugin;
  }
}

function* refsOf(action: Pick<Action, "inputs">): Generator<PortRef> {
  for (const ref of Object.values(action.inputs)) {
    if ("items" in ref) for (const [, item] of ref.items) yield item;
    else if ("key" in ref) yield ref;
  }
}

type Origin = Pick<Action, "key" | "plugin" | "params" | "seed" | "inputs">;

/** The outputs, with every image among them marked by where it comes from. */
function withRecipes(
  outputs: Readonly<Record<string, unknown>>,
  origin: Origin,
  file?: string,
): Record<string, unknown> {
  const mark = (value: unknown, port: string, item?: string): unknown => {
    if (value instanceof Map) return new Map([...value].map(([id, one]) => [id, mark(one, port, String(id))]));
    return isImage(value) ? withRecipe(value, origin, { port, item, file }) : value;
  };
  return Object.fromEntries(Object.entries(outputs).map(([port, value]) => [port, mark(value, port)]));
}

interface From {
  readonly port: string;
  readonly item: string | undefined;
  /** Name of the file that the pixels are in. */
  readonly file: string | undefined;
}

function withRecipe(image: Image, { key, plugin, params, seed, inputs }: Origin, { port, item, file }: From): Image {
  return {
    grid: image.grid,
    dtype: image.dtype,
    bands: image.bands,
    meaning: image.meaning,
    tile: image.tile,
    ...(image.nodata === undefined ? {} : { nodata: image.nodata }),
    ...(image.overviews === undefined ? {} : { overviews: image.overviews }),
    recipe: { key, port, plugin, params, seed, inputs, ...(item === undefined ? {} : { item }) },
    ...(image.windowKey && { windowKey: image.windowKey.bind(image) }),
    read: plugin.startsWith("read/") ? readInput(image, file) : (window, options) => image.read(window, options),
  };
}

/** Reads pixels of an input file; damage shows only now, in some later step, and shall still be told as the input's. */
const readInput =
  (image: Image, file: string | undefined): Image["read"] =>
  async (window, options) => {
    try {
      return await image.read(window, options);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      const note: Diagnostic = {
        severity: "info",
        code: "input-unreadable",
        message: "Pixels of an input cannot be read",
      };
      throw new DiagnosticError(...inFile(error.diagnostics, file), note);
    }
  };

/** What is wrong with a file, with the name of the file: a step further on has several. */
export const inFile = (diagnostics: readonly Diagnostic[], file: string | undefined): readonly Diagnostic[] =>
  file === undefined
    ? diagnostics
    : diagnostics.map((one) => (one.message.includes(file) ? one : { ...one, message: `${file}: ${one.message}` }));
