import { existsSync } from "node:fs";
import { Args, Flags } from "@oclif/core";
import { type Diagnostic, problem } from "../../core/diagnostic.js";
import type { Plan } from "../../pipeline/task.js";
import { TiepointCommand } from "../base.js";
import { exit } from "../exit.js";
import { load } from "../load.js";
import { planFlags } from "../plan-flags.js";
import { countDiagnostics, showDiagnostics } from "../show-diagnostics.js";

export default class Check extends TiepointCommand {
  static override summary = "Look for mistakes in pipelines without running anything.";
  static override description =
    "Reads each pipeline as a run would: names, parameters with their units, which step feeds which, and whether the input files are there. All mistakes are shown at once, each with the line and what to write instead.";
  static override examples = [
    { description: "Is this pipeline right?", command: "<%= config.bin %> check stitch.yaml" },
    {
      description: "All pipelines of a folder, for a script",
      command: "<%= config.bin %> check --json pipelines/*.yaml",
    },
    {
      description: "On a computer that does not have the images",
      command: "<%= config.bin %> check stitch.yaml --no-inputs",
    },
  ];
  static override strict = false;
  static override args = { file: Args.string({ required: true, description: "Pipeline files (YAML)." }) };
  static override flags = {
    set: planFlags.set,
    params: planFlags.params,
    inputs: Flags.boolean({ default: true, allowNo: true, description: "Look whether the input files are there." }),
  };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Check);
    const { colors } = this.terminal(flags);
    const files = argv as string[];
    const results: { file: string; ok: boolean; tasks: number; diagnostics: readonly Diagnostic[] }[] = [];
    let status: number = exit.done;
    for (const file of files) {
      const loaded = await load({ file, set: flags.set ?? [], params: flags.params ?? [] });
      const missing = loaded.ok && flags.inputs ? missingInputs(loaded.value) : [];
      const diagnostics = [...(loaded.ok ? [] : loaded.diagnostics), ...missing, ...loaded.warnings];
      const tasks = loaded.ok ? loaded.value.tasks.length : 0;
      results.push({ file, ok: loaded.ok && missing.length === 0, tasks, diagnostics });
      if (!loaded.ok) status = exit.wrongUsage;
      else if (missing.length > 0 && status === exit.done) status = exit.inputMissing;
      if (flags.json) continue;
      if (diagnostics.length > 0) this.warnUser(`${showDiagnostics(diagnostics, loaded.texts, colors)}\n`);
      const counted = countDiagnostics(diagnostics);
      if (loaded.ok && missing.length === 0) {
        this.print(
          `${file}: ${colors.green("ok")}, ${tasks} task${tasks === 1 ? "" : "s"}${counted ? `, ${counted}` : ""}`,
        );
      } else this.print(`${file}: ${counted}`);
    }
    if (flags.json) this.printJson({ ok: status === exit.done, exit: status, files: results });
    process.exitCode = status;
  }
}

/** Input files that are not there, one diagnostic each, at their place in the pipeline. */
export function missingInputs(plan: Plan): Diagnostic[] {
  return plan.tasks.flatMap((task) =>
    Object.values(task.files ?? {})
      .filter((path) => !existsSync(path))
      .map((path) => ({
        ...problem("input-missing", `There is no file ${path}`, "Paths are relative to the pipeline file."),
        at: task.at,
      })),
  );
}
