import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Which folders of `src` each folder may import, besides itself. `import type` counts. */
const layers: Readonly<Record<string, readonly string[]>> = {
  core: [],
  kernel: ["core"],
  math: ["core", "kernel"],
  learned: ["core", "kernel", "math"],
  samples: ["core", "math"],
  pipeline: ["core"],
  run: ["core", "kernel", "pipeline"],
  report: ["core"],
  cli: ["core", "kernel", "math", "samples", "pipeline", "run", "report", "plugin", "plugins"],
  // The two faces of the package.
  plugin: ["core", "kernel", "math", "learned"],
  index: ["core", "kernel", "math", "samples", "pipeline", "run", "report", "plugin", "plugins", "cli"],
};

/** Each package has one home; the packages of plugins live in the plugins that need them. */
const homes: Readonly<Record<string, readonly string[]>> = {
  learned: ["onnxruntime-web"],
  pipeline: ["yaml"],
  cli: ["@oclif/core", "picocolors"],
  plugins: ["sharp", "numcodecs"],
};

/** Layers that stay free of I/O: no module of Node's either. */
const pure = ["core", "math", "samples"];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

const toPosix = (path: string) => path.split(sep).join("/");

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => toPosix(relative(root, join(entry.parentPath, entry.name))))
    .filter((file) => !file.endsWith(".test.ts") && !file.endsWith(".d.ts"))
    .sort();
}

/** Specifiers of static and dynamic imports and of re-exports, with comments left out. */
function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
  const forms = [
    /^\s*import\s+(?:type\s+)?[^"'();]*?from\s*["']([^"']+)["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /^\s*export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*["']([^"']+)["']/gm,
    /\bimport\s*\(\s*["']([^"']+)["']\s*\)/g,
    /\bnew URL\(\s*["'](\.[^"']+\.js)["']\s*,\s*import\.meta\.url\s*\)/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map((found) => found[1]!));
}

/** `core` for src/core/grid.ts, `plugin` for src/plugin.ts, `plugins` for anything under plugins/. */
function roomOf(file: string): string {
  const [top, second] = file.split("/") as [string, string];
  return top === "plugins" ? "plugins" : second.replace(/\.ts$/, "");
}

const resolveRelative = (file: string, specifier: string) =>
  toPosix(join(dirname(file), specifier)).replace(/\.js$/, ".ts");

const packageOf = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

const isBuiltin = (specifier: string) =>
  specifier.startsWith("node:") || builtinModules.includes(packageOf(specifier)) || specifier === "worker_threads";

/** What is wrong with one import, or undefined. */
function complaint({ file, specifier }: Import): string | undefined {
  const room = roomOf(file);
  if (file.startsWith("src/kernel/assembly/")) {
    // Another language, compiled on its own: it stays in its folder.
    const target = toPosix(join(dirname(file), specifier));
    return specifier.startsWith(".") && target.startsWith("src/kernel/assembly/")
      ? undefined
      : "leaves src/kernel/assembly";
  }
  if (specifier.startsWith(".")) {
    const target = resolveRelative(file, specifier);
    if (!specifier.endsWith(".js") && !specifier.endsWith(".json")) return "relative imports end in .js";
    if (room === "plugins") {
      if (file === "plugins/index.ts")
        return target.startsWith("plugins/") ? undefined : "the catalogue imports plugins alone";
      const own = file.split("/").slice(0, 3).join("/");
      return target.startsWith(`${own}/`) ? undefined : `a plugin imports "tiepoint/plugin" and its own folder alone`;
    }
    const to = roomOf(target);
    if (to === room) return undefined;
    if (!layers[room]) return `src/${room} is no layer that this test knows`;
    if (!layers[room].includes(to)) return `src/${room} may import ${layers[room].join(", ") || "nothing"}, not ${to}`;
    if (to === "plugins" && target !== "plugins/index.ts")
      return "src names no plugin: import the catalogue plugins/index.ts";
    return undefined;
  }
  if (isBuiltin(specifier)) return pure.includes(room) ? `src/${room} does no I/O` : undefined;
  if (specifier === "tiepoint/plugin") return room === "plugins" ? undefined : "src imports its own files by path";
  const name = packageOf(specifier);
  return homes[room]?.includes(name) ? undefined : `package ${name} has no home in ${room}`;
}

/** Cycles between files, each as a list of the files in it. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push(path.slice(at));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

const files = [...filesUnder("src"), ...filesUnder("plugins")];
const imports = new Map(files.map((file) => [file, importsOf(readFileSync(join(root, file), "utf8"))]));

describe("layers", () => {
  test("the test sees every kind of import", () => {
    const text = [
      'import a from "./a.js";',
      'import type { B } from "./b.js";',
      "import {\n  c,\n  type D,\n} from './c.js';",
      'import "./side-effect.js";',
      'export * from "./d.js";',
      'export type { E } from "./e.js";',
      'const lazy = () => import("sharp");',
      '// import gone from "./gone.js";',
    ].join("\n");
    expect(importsOf(text).sort()).toEqual(
      ["./a.js", "./b.js", "./c.js", "./d.js", "./e.js", "./side-effect.js", "sharp"].sort(),
    );
  });

  test.each([
    ["src/core/grid.ts", "../math/random.js"],
    ["src/core/grid.ts", "node:fs"],
    ["src/math/fft.ts", "yaml"],
    ["src/report/html.ts", "../run/store.js"],
    ["src/cli/commands/run.ts", "../../../plugins/match/sift/index.js"],
    ["plugins/match/sift/index.ts", "../orb/index.js"],
    ["plugins/match/sift/index.ts", "../../../src/core/grid.js"],
    ["plugins/match/sift/index.ts", "yaml"],
  ])("%s may not import %s", (file, specifier) => {
    expect(complaint({ file, specifier })).toBeDefined();
  });

  test("a cycle between two files is found", () => {
    expect(
      cyclesIn(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["b"]],
        ]),
      ),
    ).toEqual([["b", "c"]]);
  });

  test("every import of src and plugins points up the list of layers, and every package has one home", () => {
    const found = [...imports].flatMap(([file, specifiers]) =>
      specifiers.flatMap((specifier) => {
        const wrong = complaint({ file, specifier });
        return wrong ? [`${file} imports ${specifier}: ${wrong}`] : [];
      }),
    );
    expect(found).toEqual([]);
  });

  test("every package that is installed with Tiepoint has a home, and is used there", () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
      "dependencies" | "peerDependencies",
      Record<string, string>
    >;
    const packages = Object.keys({ ...dependencies, ...peerDependencies });
    const used = new Set([...imports.values()].flat().map(packageOf));
    expect(Object.values(homes).flat().sort()).toEqual(packages.sort());
    expect(packages.filter((name) => !used.has(name))).toEqual([]);
  });

  test("no files import each other in a circle", () => {
    const known = new Set(files);
    const graph = new Map(
      [...imports].map(([file, specifiers]) => [
        file,
        specifiers
          .filter((s) => s.startsWith("."))
          .map((s) =>
            resolveRelative(file, file.startsWith("src/kernel/assembly/") && !s.endsWith(".ts") ? `${s}.ts` : s),
          )
          .filter((target) => known.has(target)),
      ]),
    );
    expect(cyclesIn(graph)).toEqual([]);
  });

  test("no file of src or plugins is longer than 500 lines", () => {
    const long = files.filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 501);
    expect(long).toEqual([]);
  });
});
