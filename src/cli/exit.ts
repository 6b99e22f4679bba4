import type { Diagnostic } from "../core/diagnostic.js";

/** What the exit status says. */
export const exit = {
  done: 0,
  stepFailed: 1,
  wrongUsage: 2,
  refused: 3,
  inputMissing: 4,
  environment: 5,
  interrupted: 130,
  terminated: 143,
} as const;

/** Ends a command with an exit status, after showing what is wrong. Thrown by commands, shown by `main`. */
export class CommandFailure extends Error {
  /** @param texts  of the files that the diagnostics point into */
  constructor(
    readonly status: number,
    readonly diagnostics: readonly Diagnostic[],
    readonly texts: ReadonlyMap<string, string> = new Map(),
  ) {
    super(diagnostics.map((d) => d.message).join("\n"));
    this.name = "CommandFailure";
  }
}
