import { Command, Flags } from "@oclif/core";
import { prettyJson } from "../core/pretty-json.js";
import { chooseColors, type Terminal } from "./terminal.js";

/** What every command has: `--json`, `--quiet`, `--no-color`; results on standard output, talk on standard error. */
export abstract class TiepointCommand extends Command {
  static override baseFlags = {
    json: Flags.boolean({ description: "Print one JSON document and nothing else.", helpGroup: "GLOBAL" }),
    quiet: Flags.boolean({ char: "q", description: "Say nothing but warnings and errors.", helpGroup: "GLOBAL" }),
    color: Flags.boolean({
      default: true,
      allowNo: true,
      description: "Use colours where the terminal has them (also: NO_COLOR).",
      helpGroup: "GLOBAL",
    }),
  };

  #terminal: Terminal | undefined;

  /** Known once the flags are parsed. */
  protected terminal(flags: { readonly quiet: boolean; readonly color: boolean }): Terminal {
    this.#terminal ??= {
      out: process.stdout,
      err: process.stderr,
      colors: chooseColors(!flags.color),
      quiet: flags.quiet,
    };
    return this.#terminal;
  }

  /** The result, for standard output. */
  protected print(text: string): void {
    process.stdout.write(text.endsWith("\n") || text === "" ? text : `${text}\n`);
  }

  protected printJson(value: unknown): void {
    process.stdout.write(prettyJson(value));
  }

  /** Talk, for standard error; silent with `--quiet`. */
  protected say(text: string): void {
    if (!this.#terminal?.quiet) process.stderr.write(`${text}\n`);
  }

  /** Warnings are shown even with `--quiet`. */
  protected warnUser(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Errors belong to `main`, which shows them and sets the exit status. */
  override async catch(error: Error): Promise<never> {
    throw error;
  }
}
