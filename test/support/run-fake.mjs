// Runs a fake plan in a process of its own: `node run-fake.mjs FOLDER pair|slow|folder|campaign [jobs]`. Prints the exit status and what was computed.
import { runPlan } from "../../dist/src/run/run.js";
import { campaignSteps, fakePlan, folderSteps, pairSteps } from "./fake-plan.mjs";

const [folder, which, jobs = "2"] = process.argv.slice(2);
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => controller.abort(name));

const slow = { match: { params: { seconds: 60 } } };
const stepsOf = { campaign: campaignSteps, folder: folderSteps, pair: pairSteps, slow: () => pairSteps(slow) };
const steps = stepsOf[which]();
const run = runPlan(fakePlan(folder, steps), {
  storeDir: `${folder}/.tiepoint`,
  jobs: Number(jobs),
  memory: 512e6,
  verify: process.env.FAKE_VERIFY === "1",
  catalogueUrl: new URL("./fake-catalogue.mjs", import.meta.url).href,
  version: "0",
  signal: controller.signal,
});
if (which === "slow")
  for await (const { type } of run.events) if (type === "task.progress") process.stdout.write("busy\n");
const record = await run.done;
const computed = record.tasks.filter((task) => task.state === "computed").length;
const failures = record.tasks.flatMap((task) => (task.state === "failed" ? task.notes : []));
process.stdout.write(`${JSON.stringify({ exit: record.exit, computed, notes: [...record.notes, ...failures] })}\n`);
process.exitCode = record.exit;
