import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Diagnostic, DiagnosticError } from "../core/diagnostic.js";
import { prettyJson } from "../core/pretty-json.js";
import { didYouMean } from "../pipeline/suggest.js";
import { CommandFailure, exit } from "./exit.js";
import { type CommandSummaries, rootHelp } from "./root-help.js";
import { showDiagnostics } from "./show-diagnostics.js";
import { chooseColors, printable } from "./terminal.js";

/** The package's folder, seen from dist/src/cli. */
const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * Runs a command line and sets the exit status. Nothing that goes wrong reaches the user as a stack trace.
 *
 * The first page of help needs no command to be loaded: it comes from the manifest that the build leaves.
 */
export async function main(argv: readonly string[]): Promise<void> {
  survivePipes();
  process.on("uncaughtException", (error) => {
    internalError(error, argv);
    process.exit();
  });
  try {
    await dispatch([...argv]);
  } catch (error) {
    fail(error, argv);
  }
}

async function dispatch(argv: string[]): Promise<void> {
  const first = argv[0];
  const version = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
  if (first === "--version" || first === "-V") {
    process.stdout.write(`tiepoint ${version}\n`);
    return;
  }
  const help = first === undefined || first === "--help" || first === "-h" || first === "help";
  if (help && (first !== "help" || argv[1] === undefined)) {
    process.stdout.write(rootHelp(manifest(), version));
    return;
  }
  const args = first === "help" ? [argv[1]!, "--help"] : argv;
  if (args.slice(1).includes("-h") && !args.includes("--help")) args[args.indexOf("-h")] = "--help";
  const { commands } = manifest();
  if (!Object.hasOwn(commands, args[0]!)) throw unknownCommand(args[0]!, Object.keys(commands));
  const { run } = await import("@oclif/core/run");
  await run(args, root);
}

function manifest(): CommandSummaries {
  return JSON.parse(readFileSync(join(root, "oclif.manifest.json"), "utf8")) as CommandSummaries;
}

function unknownCommand(word: string, known: readonly string[]): CommandFailure {
  const what = word.startsWith("-") ? "flag" : "command";
  return usage(
    `unknown-${what}`,
    `There is no ${what} "${word}".${what === "command" ? didYouMean(word, known) : ""}`,
    "tiepoint --help lists all commands.",
  );
}

const usage = (code: string, message: string, hint: string): CommandFailure =>
  new CommandFailure(exit.wrongUsage, [{ severity: "error", code, message, hint }]);

/** What oclif's parser reports, in our words. */
interface ParseError extends Error {
  readonly flags?: readonly string[];
  readonly args?: readonly (string | { readonly name: string; readonly description?: string })[];
  readonly oclif?: { readonly exit?: number };
  readonly parse?: unknown;
}

function asFailure(error: unknown, argv: readonly string[]): CommandFailure | undefined {
  if (error instanceof CommandFailure) return error;
  if (error instanceof DiagnosticError) return new CommandFailure(exit.stepFailed, error.diagnostics);
  if (!(error instanceof Error) || !("oclif" in error)) return undefined;
  const { flags, args } = error as ParseError;
  const id = argv[0] === "help" ? argv[1]! : argv[0]!;
  const hint = `tiepoint ${id} --help tells more.`;
  const name = error.constructor.name;
  if (name === "NonExistentFlagsError" && flags) {
    const known = Object.entries(manifest().commands[id] as { flags?: Record<string, { allowNo?: boolean }> });
    const names = known
      .filter(([key]) => key === "flags")
      .flatMap(([, all]) => Object.entries(all as Record<string, { allowNo?: boolean }>))
      .flatMap(([flag, { allowNo }]) => (allowNo ? [`--${flag}`, `--no-${flag}`] : [`--${flag}`]));
    const flag = flags[0]!.split("=")[0]!;
    return usage("unknown-flag", `tiepoint ${id} has no flag "${flag}".${didYouMean(flag, names)}`, hint);
  }
  if (name === "RequiredArgsError" && args) {
    const missing = args.map((a) => (typeof a === "string" ? a : a.name.toUpperCase())).join(", ");
    return usage("missing-argument", `tiepoint ${id} needs ${missing}.`, hint);
  }
  if (name === "UnexpectedArgsError" && args) {
    const extra = args.map((a) => `"${typeof a === "string" ? a : a.name}"`).join(", ");
    return usage("unexpected-argument", `tiepoint ${id} does not know what to do with ${extra}.`, hint);
  }
  const message = error.message
    .replace(/\nSee more help with --help/g, "")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: oclif colours its message.
    .replace(/\u001b\[[\d;]*m/g, "")
    .replace(/^The following errors? occurred:\s*/, "")
    .replace(/\s*\n\s*/g, "; ");
  return usage("wrong-usage", message, hint);
}

function fail(error: unknown, argv: readonly string[]): void {
  const failure = asFailure(error, argv);
  if (!failure) {
    internalError(error, argv);
    return;
  }
  process.exitCode = failure.status;
  if (argv.includes("--json")) process.stdout.write(prettyJson(failureJson(failure.status, failure.diagnostics)));
  else if (failure.diagnostics.length > 0) {
    const colors = chooseColors(argv.includes("--no-color"));
    process.stderr.write(`${showDiagnostics(failure.diagnostics, failure.texts, colors)}\n`);
  }
}

/** What `--json` prints when a command fails. */
export const failureJson = (status: number, diagnostics: readonly Diagnostic[]) => ({
  ok: false,
  exit: status,
  diagnostics,
});

/** A bug of ours: one line for the user, the rest in a file. */
function internalError(error: unknown, argv: readonly string[]): void {
  process.exitCode = exit.stepFailed;
  const message = (error instanceof Error ? error.message : String(error))
    .split("\n")[0]!
    .replace(/^Internal error: /, "");
  const file = join(tmpdir(), `tiepoint-error-${process.pid}.txt`);
  const details = [
    `tiepoint ${argv.join(" ")}`,
    `node ${process.version} ${process.platform} ${process.arch}`,
    "",
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    "",
  ].join("\n");
  let where = "";
  try {
    writeFileSync(file, details);
    where = ` Details for a report are in ${file}.`;
  } catch {
    // Nowhere to write: the message alone must do.
  }
  process.stderr.write(`Internal error: ${printable(message)}. This is a bug of Tiepoint.${where}\n`);
}

/** A reader that goes away (`tiepoint plan | head`) is no error. */
function survivePipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      throw error;
    });
  }
}
