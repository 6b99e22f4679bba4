import type { Diagnostic } from "../core/diagnostic.js";
import { renderSpans, type Span } from "../pipeline/render.js";
import { type Colors, plainColors } from "./terminal.js";

/** Diagnostics as text, with colours for a terminal, without a line break at the end. */
export function showDiagnostics(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string> = new Map(),
  colors: Colors = plainColors,
  limit = 20,
): string {
  const paint: Readonly<Record<Span["style"], (text: string) => string>> = {
    error: colors.red,
    warning: colors.yellow,
    info: colors.cyan,
    code: colors.bold,
    place: String,
    gutter: colors.dim,
    mark: colors.red,
    note: String,
    plain: String,
  };
  const shown = diagnostics.slice(0, limit).map((d) =>
    renderSpans(d, texts)
      .map((span) => paint[span.style](span.text))
      .join("")
      .trimEnd(),
  );
  const rest = diagnostics.length - shown.length;
  if (rest > 0) shown.push(`… and ${rest} more`);
  return shown.join("\n\n");
}

/** "1 error", "2 errors, 1 warning"; empty when there is nothing. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Diagnostic["severity"]) => diagnostics.filter((d) => d.severity === severity).length;
  const words = (n: number, name: string) => (n === 0 ? [] : [`${n} ${name}${n === 1 ? "" : "s"}`]);
  return [...words(count("error"), "error"), ...words(count("warning"), "warning")].join(", ");
}
