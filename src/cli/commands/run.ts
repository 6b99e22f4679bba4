import { relative, resolve } from "node:path";
import { Flags } from "@oclif/core";
import { problem } from "../../core/diagnostic.js";
import { formatSeconds } from "../../core/format.js";
import type { RunRecord } from "../../core/record.js";
import { didYouMean } from "../../pipeline/suggest.js";
import type { Plan } from "../../pipeline/task.js";
import { TiepointCommand } from "../base.js";
import { executePlan, progressModes } from "../execute.js";
import { CommandFailure, exit } from "../exit.js";
import { loadOrFail } from "../load.js";
import { bytesFlag, pipelineArg, planFlags } from "../plan-flags.js";
import { verdictLine } from "../progress-words.js";
import { cacheModes, lastRunOf, lockOf, readProfile, storeOf } from "../settings.js";
import { showDiagnostics } from "../show-diagnostics.js";

const steps = (description: string) =>
  Flags.string({ multiple: true, multipleNonGreedy: true, helpValue: "STEP", description, helpGroup: "PART OF A RUN" });

export default class Run extends TiepointCommand {
  static override summary = "Run a pipeline.";
  static override description =
    "Runs every step whose result is not there already, writes the outputs, and says of each registration whether it can be believed. Running it again computes only what has changed. Ends with status 0 when all is well, 1 when a step failed, 2 when the pipeline is wrong, 3 when a result was refused because it cannot be trusted, and 4 when an input is missing.";
  static override examples = [
    { description: "Run a pipeline", command: "<%= config.bin %> run stitch.yaml" },
    {
      description: "Run it on other images, with the results in a folder of their own",
      command: "<%= config.bin %> run align.yaml --set inputs.fixed=a.tif --set inputs.moving=b.tif --out results-b",
    },
    {
      description: "Use two cores and at most 4 GB",
      command: '<%= config.bin %> run stitch.yaml --jobs 2 --memory "4 GB"',
    },
    { description: "Do one step anew", command: "<%= config.bin %> run stitch.yaml --force matches" },
  ];
  static override args = { file: pipelineArg };
  static override flags = {
    ...planFlags,
    jobs: Flags.integer({
      min: 1,
      max: 1024,
      description: "How many steps may run at a time; one per core when absent.",
    }),
    memory: Flags.string({
      helpValue: "SIZE",
      description: 'Memory that the run may use, such as "4 GB"; 60 % when absent.',
    }),
    profile: Flags.string({
      helpValue: "FILE",
      description: "A YAML file with jobs, memory, cache and store for this computer.",
    }),
    only: steps("Run these steps and what they need, and write their outputs."),
    from: steps("Run these steps and everything that rests on them."),
    until: steps("Run these steps and what they need, and stop there."),
    item: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "ID",
      description: "Run these items of collections alone.",
      helpGroup: "PART OF A RUN",
    }),
    force: steps("Compute these steps even if their results are there."),
    "keep-going": Flags.boolean({ description: "When an item of a collection fails, go on without it." }),
    cache: Flags.option({
      options: cacheModes,
      description: "Read and write kept results (rw), only read, only write, or neither (off).",
    })(),
    frozen: Flags.boolean({ description: "Refuse to run when inputs, steps or plugins differ from the lock file." }),
    verify: Flags.boolean({ description: "Check the content of kept results too before using them." }),
    progress: Flags.option({
      options: progressModes,
      default: "auto" as const,
      description: "How to show progress: lines that are redrawn (tty), plain lines, events as JSON, or nothing.",
    })(),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Run);
    const terminal = this.terminal(flags);
    const profile = flags.profile === undefined ? {} : await readProfile(flags.profile);
    const { plan, warnings, pluginUrls } = await loadOrFail({
      file: args.file,
      set: flags.set ?? [],
      params: flags.params ?? [],
      ...(flags.out === undefined ? {} : { out: flags.out }),
    });
    if (warnings.length > 0) this.warnUser(`${showDiagnostics(warnings, plan.texts, terminal.colors)}\n`);
    checkNames(plan, { only: flags.only, from: flags.from, until: flags.until, force: flags.force }, flags.item);
    const store = storeOf(args.file, profile);
    const jobs = flags.jobs ?? profile.jobs;
    const memory = bytesFlag(flags.memory, "memory") ?? profile.memory;
    const cache = flags.cache ?? profile.cache;
    const records = [lastRunOf(args.file, store)];
    if (plan.report) records.push(resolve(plan.report.path, "..", "run.json"));
    const record = await executePlan(plan, {
      terminal,
      progress: flags.progress,
      resume: `tiepoint ${process.argv.slice(2).join(" ")}`,
      run: {
        storeDir: store,
        pluginUrls,
        recordPaths: records,
        lockPath: lockOf(args.file),
        frozen: flags.frozen,
        verify: flags.verify,
        keepGoing: flags["keep-going"],
        ...(flags.force ? { force: flags.force } : {}),
        ...(flags.only ? { only: flags.only } : {}),
        ...(flags.from ? { from: flags.from } : {}),
        ...(flags.until ? { until: flags.until } : {}),
        ...(flags.item ? { items: flags.item } : {}),
        ...(jobs === undefined ? {} : { jobs }),
        ...(memory === undefined ? {} : { memory }),
        ...(cache === undefined ? {} : { cache }),
      },
    });
    process.exitCode = record.exit;
    if (flags.json) this.printJson(record);
    else this.print(summary(record, plan, flags.quiet));
  }
}

/** The result of a run in a few lines: verdicts, and the files that were written. */
function summary(record: RunRecord, plan: Plan, quiet: boolean): string {
  const lines: string[] = [];
  const judged = record.tasks.filter((t) => t.verdict);
  if (judged.length > 0 && judged.length <= 12) {
    const width = Math.max(...judged.map((t) => t.id.length));
    lines.push(...judged.map((t) => `${t.id.padEnd(width)}  ${verdictLine(t.verdict!)}`));
  } else if (judged.length > 0) {
    const count = (status: string) => judged.filter((t) => t.verdict!.status === status).length;
    lines.push(
      `${judged.length} registrations: ${count("accepted")} accepted, ${count("suspect")} suspect, ${count("rejected")} rejected`,
    );
  }
  const paths = new Map(plan.tasks.flatMap((t) => (t.target ? [[t.target.name, t.target.path] as const] : [])));
  if (plan.report) paths.set(plan.report.name, plan.report.path);
  const kept = new Set(record.tasks.filter((t) => t.state === "cached").map((t) => t.id));
  const shown = (file: string) => relative(process.cwd(), paths.get(file) ?? file) || file;
  const isKept = (file: string) => plan.tasks.some((t) => t.target?.name === file && kept.has(t.id));
  const written = record.outputs.map(({ file }) => `${isKept(file) ? "kept " : "wrote"} ${shown(file)}`);
  if (written.length > 12) lines.push(`${written.length} files, the first is ${shown(record.outputs[0]!.file)}`);
  else lines.push(...written);
  if (!quiet) lines.push(`${endWord(record.exit)} after ${formatSeconds(record.seconds)}`);
  return lines.join("\n");
}

const endWord = (status: number): string =>
  ({
    [exit.done]: "done",
    [exit.refused]: "refused: a result cannot be trusted as it is,",
    [exit.interrupted]: "interrupted",
    [exit.terminated]: "interrupted",
  })[status] ?? "failed";

function checkNames(
  plan: Plan,
  flags: Readonly<Record<string, readonly string[] | undefined>>,
  items: readonly string[] | undefined,
): void {
  const known = new Set(plan.tasks.map((t) => t.step));
  for (const [flag, names] of Object.entries(flags)) {
    for (const name of names ?? []) {
      if (known.has(name)) continue;
      const own = [...known].filter((s) => !s.startsWith("input:") && !s.startsWith("output:"));
      throw new CommandFailure(exit.wrongUsage, [
        problem(
          "unknown-step",
          `--${flag} ${name}: the pipeline has no such step.${didYouMean(name, own)}`,
          own.length > 0 ? `It has ${own.join(", ")}.` : "It has no steps of its own.",
        ),
      ]);
    }
  }
  const ids = new Set(plan.tasks.flatMap((t) => (t.item === undefined ? [] : t.item.split("/").concat(t.item))));
  for (const item of items ?? []) {
    if (ids.has(item)) continue;
    throw new CommandFailure(exit.wrongUsage, [
      problem(
        "unknown-item",
        `--item ${item}: the pipeline has no such item.${didYouMean(item, ids)}`,
        ids.size === 0 ? "It has no collections." : undefined,
      ),
    ]);
  }
}
