import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Args, Flags } from "@oclif/core";
import { problem } from "../../core/diagnostic.js";
import { schemaModeline } from "../../pipeline/json-schema.js";
import { didYouMean } from "../../pipeline/suggest.js";
import { TiepointCommand } from "../base.js";
import { CommandFailure, exit } from "../exit.js";

const recipesFolder = fileURLToPath(new URL("../../../../pipelines", import.meta.url));
const schema = fileURLToPath(new URL("../../../../schemas/pipeline.schema.json", import.meta.url));

interface Recipe {
  readonly name: string;
  readonly about: string;
  readonly text: string;
}

export default class Init extends TiepointCommand {
  static override summary = "Write a pipeline to begin with.";
  static override description =
    "Copies one of the recipes that come with Tiepoint. Change the file names under inputs: to your own, then run it. Editors that know YAML schemas complete and check it while you type.";
  static override examples = [
    { description: "Which recipes are there?", command: "<%= config.bin %> init --list" },
    { description: "Begin with one of them", command: "<%= config.bin %> init features-affine" },
    { description: "Under another name", command: "<%= config.bin %> init carry-labels -o experiment-3.yaml" },
  ];
  static override args = { name: Args.string({ description: "Name of a recipe." }) };
  static override flags = {
    list: Flags.boolean({ description: "List the recipes." }),
    out: Flags.string({ char: "o", helpValue: "FILE", description: "The file to write; NAME.yaml when absent." }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Init);
    this.terminal(flags);
    const recipes = readRecipes();
    if (flags.list || args.name === undefined) {
      if (flags.json) this.printJson(recipes.map(({ name, about }) => ({ name, about })));
      else {
        const width = Math.max(...recipes.map((r) => r.name.length));
        this.print(recipes.map((r) => `${r.name.padEnd(width)}  ${r.about}`).join("\n"));
        this.say("\nnext: tiepoint init NAME");
      }
      return;
    }
    const names = recipes.map((r) => r.name);
    const recipe = recipes.find((r) => r.name === args.name);
    if (!recipe) {
      throw new CommandFailure(exit.wrongUsage, [
        problem(
          "unknown-recipe",
          `There is no recipe "${args.name}".${didYouMean(args.name, names)}`,
          `There is ${names.join(", ")}.`,
        ),
      ]);
    }
    const file = flags.out ?? `${recipe.name}.yaml`;
    if (existsSync(file)) {
      throw new CommandFailure(exit.wrongUsage, [
        problem("file-exists", `${file} is there already`, "Name another file with -o."),
      ]);
    }
    try {
      writeFileSync(file, withModeline(recipe.text, file), { flag: "wx" });
    } catch (error) {
      throw new CommandFailure(exit.environment, [problem("file-unwritable", `${file}: ${(error as Error).message}`)]);
    }
    if (flags.json) this.printJson({ ok: true, file, recipe: recipe.name });
    else this.print(`wrote ${file}`);
    this.say(`next: write your own files under inputs:, then: tiepoint check ${file}`);
  }
}

function readRecipes(): Recipe[] {
  return readdirSync(recipesFolder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => {
      const text = readFileSync(join(recipesFolder, name), "utf8");
      return { name: name.replace(/\.yaml$/, ""), about: /^about: (.*)$/m.exec(text)?.[1]?.trim() ?? "", text };
    });
}

/** The line by which editors find the schema, for where the file is going to lie. */
function withModeline(text: string, file: string): string {
  const body = text.replace(/^# yaml-language-server:.*\n/, "");
  if (!existsSync(schema)) return body;
  const path = relative(dirname(resolve(file)), schema)
    .split(sep)
    .join("/");
  return `${schemaModeline(path)}\n${body}`;
}
