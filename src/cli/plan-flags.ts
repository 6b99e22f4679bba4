import { Args, Flags } from "@oclif/core";
import { problem } from "../core/diagnostic.js";
import { parseQuantity } from "../core/quantity.js";
import { CommandFailure, exit } from "./exit.js";

/** Flags that change what a pipeline says, for all commands that read one. */
export const planFlags = {
  set: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "NAME=VALUE",
    description: "Change a value of the pipeline: a parameter, or any path such as inputs.fixed or steps.matches.seed.",
  }),
  params: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "FILE",
    description: "A YAML file with values for the parameters of the pipeline.",
  }),
  out: Flags.string({
    char: "o",
    helpValue: "DIR",
    description: "Folder for the outputs; the pipeline's folder when absent.",
  }),
};

export const pipelineArg = Args.string({
  required: true,
  description: "A pipeline file (YAML).",
});

/** `2 GB` as bytes, or the command ends with what is wrong. */
export function bytesFlag(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const parsed = parseQuantity(text, "bytes");
  if (parsed.ok && parsed.value >= 32 * 1024 ** 2) return parsed.value;
  const found = parsed.ok ? "at least 32 MB are needed" : parsed.diagnostics[0]!.message;
  throw new CommandFailure(exit.wrongUsage, [
    problem("wrong-usage", `--${flag} "${text}": ${found}`, 'Write it as "4 GB".'),
  ]);
}
