// Gathers the some 400 modules of dist/ into fewer files in dist/lib/, since every run and every lane of it would open and compile
// them one by one: a fifth of a second of a small job. What is started or imported by name keeps its place and only points there.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const { rolldown } = await import("rolldown").catch(() => {
  console.error("bundle: the bundler does not run on this machine; modules stay apart, and start-up takes longer");
  process.exit(0);
});
const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const lib = join(dist, "lib");
const toPosix = (path) => path.split(sep).join("/");

const commands = readdirSync(join(dist, "src/cli/commands"))
  .filter((file) => file.endsWith(".js"))
  .map((file) => `src/cli/commands/${file}`);
const entries = [
  ...["src/cli/main.js", "src/run/lane-worker.js", "src/report/report.js"],
  ...["src/plugin.js", "src/index.js", "plugins/index.js"],
  ...commands,
];
const nameOf = (entry) => entry.replace(/\.js$/, "").replaceAll("/", "-");

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [nameOf(entry), join(dist, entry)])),
  platform: "node",
  external: [/^(?!\.|\/|tiepoint\/plugin$|[A-Za-z]:)/],
  resolve: { alias: { "tiepoint/plugin": join(dist, "src/plugin.js") } },
  preserveEntrySignatures: "strict",
  plugins: [
    {
      // Files that are looked for beside a module lie where they were.
      name: "own-place",
      transform(code, id) {
        if (!code.includes("import.meta.url")) return null;
        const from = toPosix(relative(lib, id));
        return { code: code.replaceAll("import.meta.url", `new URL(${JSON.stringify(from)}, import.meta.url).href`) };
      },
    },
  ],
});
await bundle.write({ dir: lib, format: "esm", entryFileNames: "[name].js", chunkFileNames: "part-[name].js" });
await bundle.close();

for (const entry of entries) {
  const place = join(dist, entry);
  const gathered = join(lib, `${nameOf(entry)}.js`);
  const from = JSON.stringify(toPosix(relative(dirname(place), gathered)));
  const hasDefault = /\bas default\b|export default/.test(readFileSync(gathered, "utf8"));
  writeFileSync(place, `export * from ${from};\n${hasDefault ? `export { default } from ${from};\n` : ""}`);
}
