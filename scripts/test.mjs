// Everything that `npm test` promises: types, format and lint, tests. The last line says `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "tiepoint-test-"));
const report = join(scratch, "report.json");

function run(name, args) {
  const done = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  const passed = done.status === 0;
  if (!passed) console.error(`${name}: failed`);
  return passed;
}

// Names after `npm test --` choose tests, as vitest has it; types and lint are then left out.
const chosen = process.argv.slice(2);
const checks = chosen.length
  ? []
  : [
      run("types", ["node_modules/typescript/bin/tsc", "-p", "test/tsconfig.json", "--noEmit"]),
      run("format and lint", ["node_modules/@biomejs/biome/bin/biome", "check", "."]),
    ];
const vitest = run("tests", [
  ...["node_modules/vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json"],
  ...[`--outputFile.json=${report}`, ...chosen],
]);

let passed = checks.filter(Boolean).length;
let failed = checks.length - passed;
let skipped = 0;
let broken = [];
try {
  const found = JSON.parse(readFileSync(report, "utf8"));
  passed += found.numPassedTests;
  failed += found.numFailedTests;
  skipped = found.numPendingTests + found.numTodoTests;
  // A file that cannot be loaded has no tests that could fail, and must not count as nothing.
  broken = found.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  failed += broken.length;
} catch {
  failed += 1;
}
if (!vitest && failed === 0) failed = 1;
rmSync(scratch, { recursive: true, force: true });

for (const file of broken) console.log(`not loaded: ${file.name}`);
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
