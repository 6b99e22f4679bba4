/** A place in a user's file: a byte-free character offset and a length, both in UTF-16 units of the file's text. */
export interface Place {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** One thing that is wrong or doubtful, told so that the reader can act. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "info";
  /** Stable kebab-case name; documented and tested. */
  readonly code: string;
  /** What was found, and what was expected. */
  readonly message: string;
  readonly at?: Place;
  /** Other places that the message speaks of, each with a label of its own. */
  readonly related?: readonly { readonly at: Place; readonly message: string }[];
  /** What to try next, as an imperative sentence. */
  readonly hint?: string;
}

/** Success with a value, or failure with all that is wrong. Failure that is normal is a value; throwing means a bug. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });

export const failed = (
  ...diagnostics: readonly Diagnostic[]
): { readonly ok: false; readonly diagnostics: readonly Diagnostic[] } => ({
  ok: false,
  diagnostics,
});

/** An error diagnostic; `hint` says what to try next. */
export const problem = (code: string, message: string, hint?: string): Diagnostic => ({
  severity: "error",
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
});

export const warning = (code: string, message: string, hint?: string): Diagnostic => ({
  ...problem(code, message, hint),
  severity: "warning",
});

/**
 * Carries diagnostics through code that cannot return a `Result`: a lazy image's `read`, for example, deep in a chain.
 *
 * The engine turns it back into a failed step. Everything else that is thrown counts as a bug of ours.
 */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(...diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join("\n"));
    this.name = "DiagnosticError";
    this.diagnostics = diagnostics;
  }
}

/** For the `default` of a `switch` over a closed union. */
export function unreachable(value: never): never {
  throw new Error(`Internal error: unexpected ${JSON.stringify(value)}`);
}
