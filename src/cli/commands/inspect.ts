import { Args } from "@oclif/core";
import type { Diagnostic } from "../../core/diagnostic.js";
import { TiepointCommand } from "../base.js";
import { exit } from "../exit.js";
import { inspectFile } from "../inspect-file.js";
import { inspectLayout, mosaicFiles } from "../inspect-layout.js";
import { showDiagnostics } from "../show-diagnostics.js";
import { printable } from "../terminal.js";

export default class Inspect extends TiepointCommand {
  static override summary = "Tell what is in an image, a transform, a table of points, or the record of a run.";
  static override description =
    "For images: size, sample type, bands, pixel size or place on the map, nodata and pyramid levels. For transforms: what they do, in plain words, and the verdict. For four images or more, or with a file of positions: the layout of their mosaic, checked against the overlaps.";
  static override examples = [
    { description: "What is in these images?", command: "<%= config.bin %> inspect fixed.tif moving.tif" },
    {
      description: "What will the mosaic of these tiles be?",
      command: "<%= config.bin %> inspect tiles/*.tif TileConfiguration.txt",
    },
    { description: "What was found?", command: "<%= config.bin %> inspect aligned/transform.json" },
  ];
  static override strict = false;
  static override args = { file: Args.string({ required: true, description: "Files to look at." }) };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Inspect);
    const { colors } = this.terminal(flags);
    const found: unknown[] = [];
    const mosaic = mosaicFiles(argv as string[]);
    const layout = mosaic && (await inspectLayout(mosaic));
    if (layout?.ok) {
      const { lines, data } = layout.value;
      if (flags.json) this.printJson([{ kind: "mosaic", ok: true, ...(data as object) }]);
      else this.print(lines.map(printable).join("\n"));
      return;
    }
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
    // Positions were given, so that a mosaic was meant: say what keeps them from being one.
    if (mosaic?.positions && layout && !layout.ok) {
      process.exitCode = exit.inputMissing;
      found.push({ kind: "mosaic", ok: false, diagnostics: layout.diagnostics });
      if (!flags.json) this.warnUser(showDiagnostics(layout.diagnostics, new Map(), colors));
    }
    if (flags.json) this.printJson(found);
  }
}
