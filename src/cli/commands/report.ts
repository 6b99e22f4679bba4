import { relative, resolve } from "node:path";
import { Args, Flags } from "@oclif/core";
import { problem } from "../../core/diagnostic.js";
import { formatBytes } from "../../core/format.js";
import type { RunRecord } from "../../core/record.js";
import { isSameFile } from "../../run/inputs.js";
import { rebuildReport } from "../../run/rebuild-report.js";
import { TiepointCommand } from "../base.js";
import { catalogueUrl, reportUrl, version } from "../execute.js";
import { CommandFailure, exit } from "../exit.js";
import { missingFor, pipelineOf, readRecord } from "../finished-run.js";
import { loadOrFail } from "../load.js";
import { planFlags } from "../plan-flags.js";
import { planStatus } from "../plan-status.js";
import { lastRunOf, readProfile, storeOf } from "../settings.js";

export default class Report extends TiepointCommand {
  static override summary = "Write the report of a finished run again.";
  static override description =
    "Makes the HTML report from what the store holds, without running any step: after the report was deleted, for a pipeline that asks for none, or under another name. When a result is no longer in the store, or the pipeline or an input has changed since, it says which steps and ends with status 4; run the pipeline again then.";
  static override examples = [
    {
      description: "The report of the last run, where the pipeline wants it",
      command: "<%= config.bin %> report stitch.yaml",
    },
    {
      description: "The report of a run, by its record, into a file of your choice",
      command: "<%= config.bin %> report results/run.json -o report-2.html",
    },
  ];
  static override args = {
    file: Args.string({ required: true, description: "A pipeline (its last run is meant), or the run.json of a run." }),
  };
  static override flags = {
    out: Flags.string({
      char: "o",
      helpValue: "FILE",
      description: "Where to write the report; where the pipeline's outputs: say when absent.",
    }),
    set: planFlags.set,
    params: planFlags.params,
    profile: Flags.string({
      helpValue: "FILE",
      description: "A YAML file with jobs, memory, cache and store for this computer.",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Report);
    this.terminal(flags);
    const profile = flags.profile === undefined ? {} : await readProfile(flags.profile);
    const given = /\.json$/i.test(args.file) ? await recordOrFail(args.file) : undefined;
    const file = given ? pipelineOrFail(given, args.file) : args.file;
    const { plan, pluginUrls } = await loadOrFail({ file, set: flags.set ?? [], params: flags.params ?? [] });
    const store = storeOf(file, profile);
    const record = given ?? (await lastRecordOrFail(file, lastRunOf(file, store)));
    const status = planStatus(plan, store, version, record);
    const missing = missingFor(record, plan, status);
    if (missing.length > 0) {
      throw new CommandFailure(exit.inputMissing, [
        problem(
          "run-not-complete",
          `The report cannot be made from the store: ${missing.length} ${missing.length === 1 ? "result is" : "results are"} missing`,
          `Run the pipeline again: tiepoint run ${file}`,
        ),
        ...missing,
      ]);
    }
    const target = flags.out === undefined ? plan.report?.path : resolve(flags.out);
    if (target === undefined) {
      throw new CommandFailure(exit.wrongUsage, [
        problem("wrong-usage", `${file} does not say where its report goes`, "Name a file: -o report.html"),
      ]);
    }
    const read = [resolve(file), ...status.files.map(({ path }) => path)];
    if (read.some((path) => isSameFile(path, target))) {
      throw new CommandFailure(exit.wrongUsage, [
        problem("output-is-input", `${shown(target)} is read by the pipeline`, "Give the report another name."),
      ]);
    }
    const built = await rebuildReport({
      ...{ record, target, storeDir: store, files: status.files, catalogueUrl, reportUrl, pluginUrls },
      ...(profile.jobs === undefined ? {} : { jobs: profile.jobs }),
      ...(profile.memory === undefined ? {} : { memory: profile.memory }),
    });
    if (!built.ok) {
      const isDisk = built.diagnostics.some(({ code }) => code !== "internal-error");
      throw new CommandFailure(isDisk ? exit.environment : exit.stepFailed, built.diagnostics);
    }
    const { verdict } = record;
    if (flags.json) {
      const { sha256, bytes } = built.value;
      this.printJson({
        ok: true,
        report: shown(target),
        sha256,
        bytes,
        pipeline: plan.name,
        run: { exit: record.exit, ...(verdict === undefined ? {} : { verdict }) },
      });
    } else this.print(`wrote ${shown(target)} (${formatBytes(built.value.bytes)})`);
  }
}

const shown = (path: string): string => relative(process.cwd(), path) || path;

async function recordOrFail(path: string): Promise<RunRecord> {
  const record = await readRecord(path);
  if (!record.ok) throw new CommandFailure(exit.inputMissing, record.diagnostics);
  return record.value;
}

async function lastRecordOrFail(pipeline: string, path: string): Promise<RunRecord> {
  const record = await readRecord(path);
  if (record.ok) return record.value;
  throw new CommandFailure(exit.inputMissing, [
    problem("never-run", `${pipeline} has no finished run in its store`, `Run it: tiepoint run ${pipeline}`),
  ]);
}

function pipelineOrFail(record: RunRecord, path: string): string {
  const file = pipelineOf(record, path);
  if (file !== undefined) return file;
  throw new CommandFailure(exit.inputMissing, [
    problem(
      "pipeline-missing",
      `The pipeline of ${path} is neither in its folder nor above it`,
      "Name the pipeline instead of the record.",
    ),
  ]);
}
