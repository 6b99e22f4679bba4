import { Args } from "@oclif/core";
import { registry } from "../../../plugins/index.js";
import { problem } from "../../core/diagnostic.js";
import { type AnyPlugin, pluginId } from "../../core/plugin.js";
import { didYouMean } from "../../pipeline/suggest.js";
import { TiepointCommand } from "../base.js";
import { CommandFailure, exit } from "../exit.js";
import { pluginHelp, pluginManifest } from "../plugin-help.js";

export default class Plugins extends TiepointCommand {
  static override summary = "List the steps that a pipeline can use, or explain one.";
  static override description =
    "Without ID, lists every plugin with one line on what it does. With ID, shows what a plugin takes and gives, all its parameters with their units and defaults, and a step to copy into a pipeline.";
  static override examples = [
    { description: "What is there?", command: "<%= config.bin %> plugins" },
    { description: "All about one of them", command: "<%= config.bin %> plugins match/sift" },
  ];
  static override args = {
    id: Args.string({ description: "A plugin, such as match/sift, or a kind, such as match." }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Plugins);
    this.terminal(flags);
    const all = registry();
    if (args.id !== undefined && all.ids.includes(args.id)) {
      const plugin = (await all.load(args.id))!;
      if (flags.json) this.printJson(pluginManifest(plugin));
      else this.print(pluginHelp(plugin));
      return;
    }
    const ids = args.id === undefined ? all.ids : all.ids.filter((id) => id.split("/")[0] === args.id);
    if (ids.length === 0) {
      throw new CommandFailure(exit.wrongUsage, [
        problem(
          "unknown-plugin",
          `There is no plugin "${args.id}".${didYouMean(args.id!, all.ids)}`,
          "tiepoint plugins lists them all.",
        ),
      ]);
    }
    const plugins = await Promise.all(ids.map(async (id) => (await all.load(id))!));
    if (flags.json) this.printJson(plugins.map(pluginManifest));
    else this.print(listing(plugins));
  }
}

function listing(plugins: readonly AnyPlugin[]): string {
  const width = Math.max(...plugins.map((p) => pluginId(p).length));
  const kinds = [...new Set(plugins.map((p) => p.kind))];
  return kinds
    .map((kind) =>
      plugins
        .filter((p) => p.kind === kind)
        .map((p) => `${pluginId(p).padEnd(width)}  ${p.summary}`)
        .join("\n"),
    )
    .join("\n\n");
}
