import { createColors } from "picocolors";

/** What a command may write to. Results go to `out`, talk to `err`. */
export interface Terminal {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly colors: Colors;
  /** `--quiet`: no talk but errors and warnings. */
  readonly quiet: boolean;
}

export type Colors = ReturnType<typeof createColors>;

export const plainColors: Colors = createColors(false);

/** Colours when standard error is a terminal, unless NO_COLOR or `--no-color` says otherwise; FORCE_COLOR has colours anyway. */
export function chooseColors(noColor: boolean): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (noColor || (NO_COLOR !== undefined && NO_COLOR !== "")) return plainColors;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0") return createColors(true);
  return createColors(process.stderr.isTTY === true && TERM !== "dumb");
}

/** Text of unknown origin, made safe for a terminal: control characters would let a file name or a YAML value move the cursor. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
