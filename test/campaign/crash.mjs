// The crash campaign: kills a run of 60 tasks again and again, makes every disk operation fail once, and damages the store, and
// counts what was not as it should be. Takes some minutes; a small version of it is in test/crash.test.ts.
//
//     npm run build && node test/campaign/crash.mjs [kills, 100] [seed, 1]
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../dist/src/core/random.js";
import { writeCampaignInputs } from "../support/fake-plan.mjs";

const [kills = "100", seed = "1"] = process.argv.slice(2);
const script = fileURLToPath(new URL("../support/run-fake.mjs", import.meta.url));
const random = seededRandom(Number(seed));
const top = mkdtempSync(join(tmpdir(), "tiepoint-campaign-"));
const wrong = [];
const expect = (holds, text) => holds || wrong.push(text);

function start(folder, env = {}, jobs = 2) {
  const child = spawn(process.execPath, [script, folder, "campaign", String(jobs)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  const ended = new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, ...(text ? JSON.parse(text) : {}) }));
  });
  return { child, ended };
}
const run = (folder, env, jobs) => start(folder, env, jobs).ended;

function tree(folder, filter) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => filter.test(path))
    .sort();
}
const results = (folder) =>
  JSON.stringify(
    tree(folder, /[\\/](out|cas|actions)[\\/]/).map((path) => [
      path.slice(folder.length),
      readFileSync(path, "latin1"),
    ]),
  );
const leftovers = (folder) => tree(folder, /[\\/]\.tiepoint-\d|[\\/]leases[\\/]/);

async function recovers(folder, golden, what) {
  const again = await run(folder);
  expect(again.code === 0, `${what}: the next run ended with ${again.code} ${JSON.stringify(again.notes)}`);
  expect(results(folder) === golden, `${what}: other bytes`);
  expect(leftovers(folder).length === 0, `${what}: left ${leftovers(folder)}`);
}

const fresh = (name) => {
  const folder = join(top, name);
  writeCampaignInputs(folder);
  return folder;
};

const whole = fresh("whole");
const started = performance.now();
await run(whole);
const milliseconds = performance.now() - started;
const golden = results(whole);

let folder = fresh("killed");
let runs = 0;
for (let i = 0; i < Number(kills); i++) {
  const { child, ended } = start(folder);
  const timer = setTimeout(() => child.kill("SIGKILL"), random() * milliseconds * 1.2);
  const { code } = await ended;
  clearTimeout(timer);
  runs++;
  expect(code === null || code === 0, `kill ${i}: ended with ${code}`);
  // Every fifth time the run is let finish, is looked at, and begins anew.
  if (i % 5 !== 4) continue;
  await recovers(folder, golden, `kill ${i}`);
  rmSync(folder, { recursive: true });
  folder = fresh("killed");
}
console.log(`${runs} kills at random moments, ${wrong.length} wrong`);

for (const failure of ["kill", "torn", "ENOSPC", "EIO"]) {
  const before = wrong.length;
  let n = 1;
  for (; ; n += failure === "kill" ? 3 : 7) {
    const broken = fresh(`${failure}-${n}`);
    const { code } = await run(broken, { TIEPOINT_FAIL: `*:${n}:${failure}` }, 1);
    if (code === 0) break;
    const expected = failure.startsWith("E") ? code === 5 : code === null;
    expect(expected, `${failure} at operation ${n}: ended with ${code}`);
    await recovers(broken, golden, `${failure} at operation ${n}`);
    rmSync(broken, { recursive: true });
  }
  console.log(`${failure} at operations up to ${n}, ${wrong.length - before} wrong`);
}

const before = wrong.length;
for (let i = 0; i < 40; i++) {
  const damaged = join(top, `damaged-${i}`);
  cpSync(whole, damaged, { recursive: true });
  const files = tree(damaged, /[\\/](cas|actions)[\\/]/);
  const path = files[Math.floor(random() * files.length)];
  const bytes = readFileSync(path);
  const how = ["flip", "cut", "delete", "empty"][i % 4];
  if (how === "flip") {
    bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
    writeFileSync(path, bytes);
  } else if (how === "cut") truncateSync(path, Math.floor(random() * bytes.length));
  else if (how === "empty") truncateSync(path, 0);
  else rmSync(path);
  // Outputs are made again, so that what is stored is used.
  rmSync(join(damaged, "out"), { recursive: true });
  const { code } = await run(damaged, { FAKE_VERIFY: how === "flip" ? "1" : "" });
  expect(code === 0, `${how} ${path.slice(damaged.length)}: ended with ${code}`);
  expect(results(damaged) === golden, `${how} ${path.slice(damaged.length)}: other bytes`);
  rmSync(damaged, { recursive: true });
}
console.log(`40 damaged entries, ${wrong.length - before} wrong`);

rmSync(top, { recursive: true, force: true });
for (const text of wrong) console.log(text);
console.log(`${wrong.length} wrong`);
process.exit(wrong.length > 0 ? 1 : 0);
