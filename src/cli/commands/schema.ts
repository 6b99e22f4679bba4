import { resolve } from "node:path";
import { Flags } from "@oclif/core";
import { registry } from "../../../plugins/index.js";
import { problem } from "../../core/diagnostic.js";
import type { AnyPlugin } from "../../core/plugin.js";
import { pipelineSchema, schemaModeline } from "../../pipeline/json-schema.js";
import { writeWhole } from "../../run/disk.js";
import { TiepointCommand } from "../base.js";
import { CommandFailure, exit } from "../exit.js";
import { told } from "../load.js";

export default class Schema extends TiepointCommand {
  static override summary = "Write the schema of pipelines, with which an editor completes and checks them.";
  static override description =
    "The schema knows every plugin with its parameters. Editors with a YAML language server (VS Code: the YAML extension) read it when the first line of a pipeline names it.";
  static override examples = [
    { description: "Beside your pipelines", command: "<%= config.bin %> schema -o pipeline.schema.json" },
    { description: "To standard output", command: "<%= config.bin %> schema" },
  ];
  static override flags = {
    out: Flags.string({ char: "o", helpValue: "FILE", description: "The file to write; standard output when absent." }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Schema);
    this.terminal(flags);
    const { ids, load } = registry();
    const plugins = new Map<string, AnyPlugin>();
    for (const id of ids) plugins.set(id, (await load(id))!);
    const text = `${JSON.stringify(pipelineSchema(plugins), null, 2)}\n`;
    if (flags.out === undefined) {
      this.print(text);
      return;
    }
    try {
      writeWhole(resolve(flags.out), text, "output");
    } catch (error) {
      throw new CommandFailure(exit.environment, [problem("file-unwritable", told(error, flags.out))]);
    }
    if (flags.json) this.printJson({ ok: true, file: flags.out });
    else this.print(`wrote ${flags.out}`);
    this.say(`next: let the first line of a pipeline be\n      ${schemaModeline(flags.out)}`);
  }
}
