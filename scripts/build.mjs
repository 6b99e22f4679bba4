// Builds dist/: kernels (AssemblyScript), TypeScript, and what keeps start-up short: few files, and a manifest of the commands.
// With a name, kernels or typescript, that alone; modules then stay apart.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function run(script, args) {
  const done = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

mkdirSync(`${root}dist/src/kernel`, { recursive: true });
const only = process.argv[2];
if (!only || only === "kernels") {
  run("node_modules/assemblyscript/bin/asc.js", [
    "src/kernel/assembly/index.ts",
    ...["--outFile", "dist/src/kernel/kernels.wasm", "-O3", "--noAssert", "--runtime", "stub"],
    ...["--enable", "simd", "--enable", "threads", "--importMemory", "--sharedMemory"],
    ...["--initialMemory", "64", "--maximumMemory", "65536", "--zeroFilledMemory", "--memoryBase", "1024"],
  ]);
}
if (!only || only === "typescript") run("node_modules/typescript/bin/tsc", ["-p", "."]);
if (!only) run("scripts/bundle.mjs", []);
if (!only && existsSync(`${root}scripts/manifest.mjs`)) run("scripts/manifest.mjs", []);
