import { failed, ok, problem } from "../../src/core/diagnostic.js";
import { type Loaded, type LoadOptions, loadPlan } from "../../src/pipeline/load.js";
import { fakeRegistry } from "./fake-plugins.js";

/** Loads a pipeline from texts, with a made-up file system: absolute path to text. */
export function load(
  text: string,
  options: Partial<LoadOptions> & { readonly files?: Readonly<Record<string, string>> } = {},
): Promise<Loaded> {
  const files = options.files ?? {};
  return loadPlan({
    file: "/data/p.yaml",
    text,
    registry: fakeRegistry(),
    env: {},
    readText: async (path) =>
      Object.hasOwn(files, path) ? ok(files[path]!) : failed(problem("missing-file", `There is no file ${path}`)),
    listFiles: async (folder, deep) => {
      const below = Object.keys(files).filter((f) => f.startsWith(folder === "/" ? "/" : `${folder}/`));
      const names = below.map((f) => f.slice(folder.length + 1)).filter((f) => deep || !f.includes("/"));
      return ok(names);
    },
    ...options,
  });
}
