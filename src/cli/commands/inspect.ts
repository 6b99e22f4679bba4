import { Args } from "@oclif/core";
import type { Diagnostic } from "../../core/diagnostic.js";
import { TiepointCommand } from "../base.js";
import { exit } from "../exit.js";
import { inspectFile } from "../inspect-file.js";
import { showDiagnostics } from "../show-diagnostics.js";
import { printable } from "../terminal.js";

export default class Inspect extends TiepointCommand {
  static override summary = "Tell what is in an image, a transform, a table of points, or the record of a run.";
  static override description =
    "For images: size, sample type, bands, pixel size or place on the map, nodata and pyramid levels. For transforms: what they do, in plain words, and the verdict.";
  static override examples = [
    { description: "What is in these images?", command: "<%= config.bin %> inspect fixed.tif moving.tif" },
    { description: "What was found?", command: "<%= config.bin %> inspect aligned/transform.json" },
  ];
  static override strict = false;
  static override args = { file: Args.string({ required: true, description: "Files to look at." }) };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Inspect);
    const { colors } = this.terminal(flags);
    const found: unknown[] = [];
    for (const [i, file] of (argv as string[]).entries()) {
      const inspected = await inspectFile(file);
      if (!inspected.ok) {
        process.exitCode = exit.inputMissing;
        found.push({ file, ok: false, diagnostics: inspected.diagnostics satisfies readonly Diagnostic[] });
        if (!flags.json) this.warnUser(showDiagnostics(inspected.diagnostics, new Map(), colors));
        continue;
      }
      const { kind, lines, data } = inspected.value;
      found.push({ file, ok: true, kind, ...(data as object) });
      if (!flags.json)
        this.print(`${i > 0 ? "\n" : ""}${printable(file)}\n${lines.map((l) => `  ${printable(l)}`).join("\n")}`);
    }
    if (flags.json) this.printJson(found);
  }
}
