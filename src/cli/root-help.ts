/** Commands as the manifest has them; enough for the first page of help, without loading any. */
export interface CommandSummaries {
  readonly commands: Readonly<Record<string, { readonly summary?: string; readonly hidden?: boolean }>>;
}

const groups: readonly (readonly [title: string, ids: readonly string[]])[] = [
  ["START HERE", ["demo", "align", "apply"]],
  ["PIPELINES", ["init", "check", "plan", "run", "schema"]],
  ["LOOK", ["report", "inspect", "plugins"]],
  ["HOUSEKEEPING", ["cache", "doctor"]],
];

/** The first page of help. */
export function rootHelp({ commands }: CommandSummaries, version: string): string {
  const known = Object.keys(commands).filter((id) => !commands[id]!.hidden);
  const grouped = new Set(groups.flatMap(([, ids]) => ids));
  const all = [...groups, ["MORE", known.filter((id) => !grouped.has(id)).sort()] as const];
  const width = Math.max(...known.map((id) => id.length));
  const sections = all.flatMap(([title, ids]) => {
    const lines = ids
      .filter((id) => known.includes(id))
      .map((id) => `  ${id.padEnd(width)}  ${commands[id]!.summary ?? ""}`.trimEnd());
    return lines.length === 0 ? [] : [`${title}\n${lines.join("\n")}`];
  });
  return `Tiepoint ${version} aligns images, and says whether the result can be believed.

USAGE
  $ tiepoint COMMAND

${sections.join("\n\n")}

tiepoint COMMAND --help tells more about a command.
`;
}
