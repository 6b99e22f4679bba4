import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Args, Flags } from "@oclif/core";
import { registry } from "../../../plugins/index.js";
import { failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { type AnyPlugin, type Port, parsePort } from "../../core/plugin.js";
import type { RunRecord } from "../../core/record.js";
import type { Registration } from "../../core/registration.js";
import { parseTransformFile } from "../../core/transform-json.js";
import { didYouMean } from "../../pipeline/suggest.js";
import { makeFolder } from "../../run/disk.js";
import { sha256 } from "../../run/store.js";
import { type AlignPipeline, type AlignRequest, alignPipeline, type Matcher } from "../align-pipeline.js";
import { registrationInWords, registrationJson, writtenFiles } from "../align-result.js";
import { TiepointCommand } from "../base.js";
import { executePlan, progressModes } from "../execute.js";
import { CommandFailure, exit } from "../exit.js";
import { loadOrFail, told } from "../load.js";
import { bytesFlag } from "../plan-flags.js";
import { lastRunOf } from "../settings.js";

const models = ["auto", "translation", "rigid", "similarity", "affine", "projective"] as const;
const schemaPath = fileURLToPath(new URL("../../../../schemas/pipeline.schema.json", import.meta.url));

export default class Align extends TiepointCommand {
  static override summary = "Align one image to another, and say whether the result can be believed.";
  static override description =
    `Finds how MOVING must be turned, scaled and shifted to lie on FIXED, and writes into the folder OUT:

registered.tif  the moving image, resampled once onto the fixed image's pixels
transform.json  what was found, with the verdict; for tiepoint apply
matches.csv     the places that were found in both images
report.html     pictures and figures to judge the result by
pipeline.yaml   exactly what was run: change it, and run it again
run.json        the record of the run

A result that cannot be trusted is refused: the files but the registered image are there all the same, and the status is 3.`;
  static override examples = [
    { description: "Align a section to another", command: "<%= config.bin %> align fixed.tif moving.tif -o aligned" },
    {
      description: "A slide scanned twice cannot have been stretched: look for rotation and shift alone",
      command: "<%= config.bin %> align first.tif second.tif -o aligned --model rigid",
    },
    {
      description: "Bring a second channel and the cell labels of the moving image along",
      command:
        "<%= config.bin %> align fixed.tif moving.tif -o aligned --also moving_red.tif --labels moving_cells.png",
    },
  ];
  static override args = {
    fixed: Args.string({ required: true, description: "The image that stays." }),
    moving: Args.string({ required: true, description: "The image that is brought onto it." }),
  };
  static override flags = {
    out: Flags.string({ char: "o", required: true, helpValue: "OUT", description: "Folder for the results." }),
    method: Flags.string({
      default: "auto",
      helpValue: "auto|sift|structure|…",
      description: "How to find out what lies on what; auto tries features first, then structure.",
    }),
    model: Flags.option({
      options: models,
      default: "auto" as const,
      description: "What the moving image may have undergone; auto takes the stiffest that does.",
    })(),
    also: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "FILE",
      description: "Another image on the moving image's pixels, such as a further channel, to bring along.",
    }),
    labels: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: "FILE",
      description: "A label image on the moving image's pixels to bring along; labels are never averaged.",
    }),
    "accept-suspect": Flags.boolean({ description: "Also deliver a result whose verdict is suspect." }),
    overwrite: Flags.boolean({ description: "Replace OUT/pipeline.yaml even if it was changed by hand." }),
    jobs: Flags.integer({
      min: 1,
      max: 1024,
      description: "How many steps may run at a time; one per core when absent.",
    }),
    memory: Flags.string({
      helpValue: "SIZE",
      description: 'Memory that the run may use, such as "4 GB"; 60 % when absent.',
    }),
    seed: Flags.integer({ min: 0, description: "Seed of the random choices; the same seed gives the same result." }),
    progress: Flags.option({
      options: progressModes,
      default: "auto" as const,
      description: "How to show progress: lines that are redrawn (tty), plain lines, events as JSON, or nothing.",
    })(),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Align);
    const terminal = this.terminal(flags);
    const memory = bytesFlag(flags.memory, "memory");
    const files = [args.fixed, args.moving, ...(flags.also ?? []), ...(flags.labels ?? [])];
    const missing = files.filter((file) => !existsSync(file));
    if (missing.length > 0) {
      throw new CommandFailure(
        exit.inputMissing,
        missing.map((file) =>
          problem("input-missing", `There is no file ${file}`, `Paths are relative to ${process.cwd()}.`),
        ),
      );
    }
    const matcher = await chooseMatcher(flags.method, flags.model);
    if (!matcher.ok) throw new CommandFailure(exit.wrongUsage, matcher.diagnostics);
    const out = resolve(flags.out);
    const request: AlignRequest = {
      fixed: resolve(args.fixed),
      moving: resolve(args.moving),
      out,
      matcher: matcher.value,
      model: flags.model,
      gray: registry().ids.includes("preprocess/gray"),
      also: (flags.also ?? []).map((f) => resolve(f)),
      labels: (flags.labels ?? []).map((f) => resolve(f)),
      ...(flags.seed === undefined ? {} : { seed: flags.seed }),
      ...(existsSync(schemaPath) ? { schema: schemaPath } : {}),
      acceptSuspect: flags["accept-suspect"],
    };
    const pipeline = alignPipeline(request);
    const file = join(relative(process.cwd(), out) || ".", "pipeline.yaml");
    writePipeline(file, pipeline.text, flags.overwrite);

    const { plan, pluginUrls } = await loadOrFail({ file });
    const store = join(out, ".tiepoint");
    const record = await executePlan(plan, {
      terminal,
      progress: flags.progress,
      resume: `tiepoint run ${file}`,
      silentNotes: true,
      run: {
        storeDir: store,
        pluginUrls,
        recordPaths: [join(out, "run.json"), lastRunOf(file, store)],
        ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
        ...(memory === undefined ? {} : { memory }),
      },
    });
    process.exitCode = record.exit;
    const registration = writtenFiles(record).has("transform.json")
      ? readRegistration(join(out, "transform.json"))
      : undefined;
    if (flags.json) this.printJson(asJson(record, registration, out));
    else this.print(summary(record, registration, pipeline, request, flags.out));
    const failures = record.tasks
      .filter((t) => t.state === "failed")
      .flatMap((t) => t.notes.filter((n) => n.severity === "error"));
    const errors = [...record.notes.filter((n) => n.severity === "error"), ...failures];
    if (errors.length > 0 && !flags.json) throw new CommandFailure(record.exit, errors, plan.texts);
  }
}

/** The plugin that a method means: `sift` is `match/sift`. It must take two images, and the model where it fits one itself. */
async function chooseMatcher(method: string, model: string): Promise<Result<Matcher>> {
  const { ids, load } = registry();
  const known = ids.filter((id) => id.startsWith("match/"));
  const id = method.startsWith("match/") ? method : `match/${method}`;
  const plugin = known.includes(id) ? await load(id) : undefined;
  if (!plugin) {
    const fitting = await Promise.all(known.map(async (one) => ((await load(one).then(outputOf)) ? [one] : [])));
    const names = fitting.flat().map((one) => one.slice("match/".length));
    const meant = didYouMean(method, names);
    return failed(
      problem("unknown-method", `There is no method "${method}".${meant}`, `There is ${names.join(", ")}.`),
    );
  }
  const gives = outputOf(plugin);
  if (!gives) {
    return failed(
      problem("unknown-method", `${id} does not work on two images alone`, "Use it in a pipeline: tiepoint init."),
    );
  }
  if (gives === "transform") {
    const fitting =
      (plugin.params as Readonly<Record<string, { readonly enum?: readonly string[] }>>).model?.enum ?? [];
    if (!fitting.includes(model)) {
      return failed(
        problem(
          "unknown-model",
          `${id} does not fit the model ${model}`,
          `With --model it takes ${fitting.join(", ")}.`,
        ),
      );
    }
  }
  const outputs = Object.values(plugin.outputs as Readonly<Record<string, Port>>).map((p) => parsePort(p).type);
  return ok({ id, gives, tiePoints: outputs.includes("matches"), colour: gives === "transform" });
}

/** What a plugin that works on two images alone gives first. */
function outputOf(plugin: AnyPlugin | undefined): "matches" | "transform" | undefined {
  const inputs = Object.entries((plugin?.inputs ?? {}) as Readonly<Record<string, Port>>);
  const needed = inputs.filter(([, port]) => !parsePort(port).optional).map(([name, port]) => `${name} ${port}`);
  const [first] = Object.values((plugin?.outputs ?? {}) as Readonly<Record<string, Port>>);
  if (needed.join() !== "fixed image,moving image") return undefined;
  return first === "matches" || first === "transform" ? first : undefined;
}

/** Writes the pipeline, unless that would lose what somebody changed in it by hand. */
function writePipeline(file: string, text: string, overwrite: boolean): void {
  const mark = join(dirname(file), ".tiepoint", "align.sha256");
  try {
    if (existsSync(file) && !overwrite) {
      const digest = sha256(readFileSync(file));
      const written = existsSync(mark) ? readFileSync(mark, "utf8").trim() : "";
      if (digest !== written && digest !== sha256(text)) {
        throw new CommandFailure(exit.wrongUsage, [
          problem(
            "pipeline-changed",
            `${file} was not written by tiepoint align, or was changed since`,
            `Run it with tiepoint run ${file}, name another folder with -o, or replace it with --overwrite.`,
          ),
        ]);
      }
    }
    makeFolder(dirname(mark));
    writeFileSync(file, text);
    writeFileSync(mark, `${sha256(text)}\n`);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(exit.environment, [
      problem("folder-unwritable", told(error, file), "Name another folder with -o."),
    ]);
  }
}

function readRegistration(path: string): Registration | undefined {
  const parsed = parseTransformFile(readFileSync(path, "utf8"));
  return parsed.ok ? parsed.value.registration : undefined;
}

function asJson(record: RunRecord, registration: Registration | undefined, out: string): unknown {
  return {
    ok: record.exit === exit.done,
    exit: record.exit,
    ...(registration ? registrationJson(registration) : {}),
    out: relative(process.cwd(), out) || ".",
    files: [...writtenFiles(record), "pipeline.yaml", "run.json"].sort(),
    notes: [...record.notes, ...record.tasks.flatMap((t) => t.notes)].filter((n) => n.severity !== "info"),
  };
}

const abouts: Readonly<Record<string, string>> = {
  "registered.tif": "the moving image on the fixed image's pixels",
  "transform.json": "what was found, and the verdict",
  "matches.csv": "the tie points",
  "report.html": "pictures and figures to judge the result by",
};

/** What was found, in plain words, the files, and what to do next. */
function summary(
  record: RunRecord,
  registration: Registration | undefined,
  pipeline: AlignPipeline,
  request: AlignRequest,
  out: string,
): string {
  const parts: string[] = [];
  if (registration) {
    parts.push(registrationInWords(registration, { fixed: basename(request.fixed), moving: basename(request.moving) }));
  }
  const written = writtenFiles(record);
  const rows = [...written].map((file) => {
    const carried = pipeline.carried.find((c) => c.to === file);
    return [join(out, file), carried ? `${basename(carried.from)} brought along` : (abouts[file] ?? "")] as const;
  });
  rows.push([join(out, "pipeline.yaml"), "what was run"]);
  const width = Math.max(...rows.map(([file]) => file.length));
  parts.push(rows.map(([file, about]) => `  ${file.padEnd(width)}  ${about}`).join("\n"));
  const next: string[] = [];
  if (written.has("report.html")) next.push(`look at ${join(out, "report.html")}`);
  if (record.exit === exit.done) {
    next.push(`tiepoint apply ${join(out, "transform.json")} FILE -o FILE2   for further images, labels and points`);
  } else if (record.exit === exit.refused) {
    if (registration?.verdict?.status === "suspect")
      next.push("if the overlay is right, repeat the command with --accept-suspect");
    next.push(`or change ${join(out, "pipeline.yaml")}, then: tiepoint run ${join(out, "pipeline.yaml")}`);
  }
  if (next.length > 0) parts.push(next.map((line, i) => `${i === 0 ? "next: " : "      "}${line}`).join("\n"));
  return parts.join("\n\n");
}
