import { basename, extname, relative, sep } from "node:path";
import { schemaModeline } from "../pipeline/json-schema.js";

/** What `tiepoint align` was asked for; paths are absolute. */
export interface AlignRequest {
  readonly fixed: string;
  readonly moving: string;
  readonly out: string;
  readonly matcher: Matcher;
  /** What the moving image may have undergone. */
  readonly model: string;
  /** Whether there is a step that makes gray images. */
  readonly gray: boolean;
  readonly also: readonly string[];
  readonly labels: readonly string[];
  readonly seed?: number;
  /** Path of the schema, for editors. */
  readonly schema?: string;
  /** Accept a result whose verdict is suspect. */
  readonly acceptSuspect: boolean;
}

/** A plugin that finds tie points, or the transform itself. */
export interface Matcher {
  readonly id: string;
  readonly gives: "matches" | "transform";
  /** Gives tie points besides the transform. */
  readonly tiePoints: boolean;
  /** Takes colour as it is; others are given gray images. */
  readonly colour: boolean;
}

export interface AlignPipeline {
  readonly text: string;
  /** Files that further images and labels are written to, relative to the output folder. */
  readonly carried: readonly { readonly from: string; readonly to: string }[];
}

/** The pipeline that aligns two images: short, with comments, paths relative to its folder. */
export function alignPipeline(request: AlignRequest): AlignPipeline {
  const { fixed, moving, out, matcher, model, seed, schema, acceptSuspect } = request;
  const gray = request.gray && !matcher.colour;
  const path = (file: string) => scalar(relativePath(out, file));
  const names = new Names([
    "fixed",
    "moving",
    "fixed-gray",
    "moving-gray",
    "matches",
    "transform",
    "registered",
    "report",
  ]);
  const carried = [
    ...request.also.map((file) => ({ file, name: names.take(`also-${stem(file)}`), labels: false })),
    ...request.labels.map((file) => ({ file, name: names.take(`labels-${stem(file)}`), labels: true })),
  ].map((one) => ({ ...one, to: "" }));
  const targets = new Set<string>();
  for (const one of carried) {
    const extension = one.labels && /^\.png$/i.test(extname(one.file)) ? ".png" : ".tif";
    // Names of outputs must be ones that every system can hold; braces would stand for the items of a list.
    const safe =
      stem(one.file)
        .replace(/[^\p{L}\p{N}_. -]+/gu, "-")
        .replace(/^[\s.]+|[\s.]+$/g, "") || "image";
    const base = `${one.labels ? "labels" : "also"}/${safe}`;
    let to = `${base}${extension}`;
    for (let n = 2; targets.has(to); n++) to = `${base}-${n}${extension}`;
    targets.add(to);
    one.to = to;
  }
  const lines = [
    ...(schema === undefined ? [] : [schemaModeline(relativePath(out, schema))]),
    "# Written by tiepoint align. Change what you like, and run it again:  tiepoint run pipeline.yaml",
    "tiepoint: 1",
    `name: ${scalar(`align-${stem(moving)}-to-${stem(fixed)}`)}`,
    `about: ${scalar(`Brings ${basename(moving)} onto ${basename(fixed)}.`)}`,
    ...(seed === undefined ? [] : [`seed: ${seed}`]),
    "",
    "inputs:",
    `  fixed: ${path(fixed)}         # stays`,
    `  moving: ${path(moving)}         # is brought onto the fixed image`,
    ...carried.map(
      ({ file, name, labels }) =>
        `  ${name}: { file: ${path(file)}, ${labels ? "kind: labels, " : ""}same-grid-as: moving }`,
    ),
    "",
    "steps:",
    ...(gray
      ? ["  fixed-gray: { use: preprocess/gray, in: fixed }", "  moving-gray: { use: preprocess/gray, in: moving }", ""]
      : []),
  ];
  const [f, m] = gray ? ["fixed-gray", "moving-gray"] : ["fixed", "moving"];
  const verdict = acceptSuspect ? ['    require: { verdict: ">= suspect" }    # a doubtful result is good enough'] : [];
  if (matcher.gives === "matches") {
    lines.push(
      "  matches:                            # places that look the same in both images",
      `    use: ${matcher.id}`,
    );
    lines.push(`    fixed: ${f}`, `    moving: ${m}`, "");
    lines.push("  transform:                          # the map that most of them agree on, and whether to believe it");
    lines.push(`    use: estimate/${model}`, "    matches: matches", ...verdict, "");
  } else {
    lines.push("  transform:                          # how the images lie on each other, and whether to believe it");
    lines.push(`    use: ${matcher.id}`, `    fixed: ${f}`, `    moving: ${m}`, `    model: ${model}`, ...verdict, "");
  }
  lines.push("  registered: { use: warp, in: moving, transform: transform, like: fixed, interpolation: cubic }");
  for (const { name } of carried) {
    lines.push(`  ${name}-registered: { use: warp, in: ${name}, transform: transform, like: fixed }`);
  }
  lines.push("", "outputs:", "  registered.tif: registered", "  transform.json: transform");
  if (matcher.tiePoints) lines.push("  matches.csv: transform.matches");
  for (const { name, to } of carried) lines.push(`  ${scalar(to)}: ${name}-registered`);
  lines.push("  report.html: report", "");
  return { text: aligned(lines).join("\n"), carried: carried.map(({ file, to }) => ({ from: file, to })) };
}

/** Comments of neighbouring lines stand in one column. */
function aligned(lines: readonly string[]): string[] {
  const split = lines.map((line) => /^(\s+\S.*?\S)\s{2,}(# .*)$/.exec(line));
  const width = (i: number): number => {
    let most = 0;
    let from = i;
    while (split[from - 1]) from--;
    for (; split[from]; from++) most = Math.max(most, split[from]![1]!.length);
    return most;
  };
  return lines.map((line, i) => (split[i] ? `${split[i][1]!.padEnd(width(i))}  ${split[i][2]}` : line));
}

class Names {
  readonly #taken: Set<string>;
  constructor(reserved: readonly string[]) {
    this.#taken = new Set(reserved);
  }
  /** A name that YAML steps may have, near the one wanted and not taken yet. */
  take(wanted: string): string {
    const base = wanted.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/-+$/, "");
    let name = base;
    for (let n = 2; this.#taken.has(name) || this.#taken.has(`${name}-registered`); n++) name = `${base}-${n}`;
    this.#taken.add(name).add(`${name}-registered`);
    return name;
  }
}

/** A file's name without folders and extensions: `a.ome.tif` is `a`. */
export const stem = (file: string): string => basename(file).replace(/(\.ome)?\.[^.]+$/i, "");

export const relativePath = (from: string, to: string): string => relative(from, to).split(sep).join("/");

/** A text as the pipeline reads it back: plain where that is safe, else in double quotes, with `${` as itself. */
export const scalar = (text: string): string =>
  /^[A-Za-z./][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text.replaceAll("${", () => "$${"));
