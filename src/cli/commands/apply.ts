import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, extname, join, relative, resolve } from "node:path";
import { Args, Flags } from "@oclif/core";
import { type Diagnostic, problem } from "../../core/diagnostic.js";
import { interpolations } from "../../core/interpolation.js";
import type { Registration } from "../../core/registration.js";
import { parseTransformFile } from "../../core/transform-json.js";
import { makeFolder, writeWhole } from "../../run/disk.js";
import { type MapPoints, mapCsv, mapGeoJson, type Origin, pointMap } from "../apply-points.js";
import { TiepointCommand } from "../base.js";
import { CommandFailure, exit } from "../exit.js";
import { plainReason } from "../plain-reason.js";
import { bytesFlag } from "../plan-flags.js";

interface Job {
  readonly file: string;
  readonly target: string;
  readonly kind: "csv" | "geojson" | "image";
}

/** What became of a file. */
interface Applied {
  readonly file: string;
  readonly to: string;
  readonly kind: Job["kind"] | "labels";
  readonly points?: number;
  readonly outside?: number;
}

const MAX_TEXT = 512e6;

export default class Apply extends TiepointCommand {
  static override summary = "Apply a transform that was found to further images, labels, points or shapes.";
  static override description =
    `TRANSFORM is a transform.json of tiepoint align or of a pipeline. Files of the moving image are brought onto the fixed image; with --from fixed it is the other way round.

Images are warped onto the pixels of the other image, or of --like. Points are a CSV file with columns x and y; other columns stay as they are, and a point that the transform does not reach gets empty cells. Shapes are GeoJSON. Coordinates are pixels, (0, 0) being the centre of the first pixel, unless --units world.`;
  static override examples = [
    {
      description: "Bring a second channel along",
      command: "<%= config.bin %> apply aligned/transform.json he_red.tif -o he_red_registered.tif",
    },
    {
      description: "Bring cell labels along; labels are never averaged",
      command: "<%= config.bin %> apply aligned/transform.json cells.png --labels -o cells_registered.png",
    },
    {
      description: "Where are these cells of the moving image on the fixed image?",
      command: "<%= config.bin %> apply aligned/transform.json cells.csv -o cells_on_fixed.csv",
    },
    {
      description: "Where are these places of the fixed image on the moving image?",
      command: "<%= config.bin %> apply aligned/transform.json places.csv --from fixed -o places_on_moving.csv",
    },
    {
      description: "Several files at once, into a folder",
      command: "<%= config.bin %> apply aligned/transform.json a.tif b.tif cells.csv -o warped/",
    },
  ];
  static override strict = false;
  static override args = {
    transform: Args.string({ required: true, description: "A transform file (transform.json)." }),
    file: Args.string({ required: true, description: "Images, CSV or GeoJSON files." }),
  };
  static override flags = {
    out: Flags.string({
      char: "o",
      required: true,
      helpValue: "OUT",
      description: "The file to write; a folder for several files.",
    }),
    from: Flags.option({
      options: ["moving", "fixed"] as const,
      default: "moving" as const,
      description: "Which image the files belong to.",
    })(),
    labels: Flags.boolean({ description: "The images are label images: take the nearest pixel, never average." }),
    like: Flags.string({
      helpValue: "IMAGE",
      description: "Warp onto this image's pixels in place of the registered one's.",
    }),
    interpolation: Flags.option({
      options: interpolations,
      description: "How samples between pixels are made; cubic when absent.",
    })(),
    units: Flags.option({
      options: ["pixel", "world"] as const,
      default: "pixel" as const,
      description: "What the coordinates of points and shapes are.",
    })(),
    jobs: Flags.integer({
      min: 1,
      max: 1024,
      description: "How many images may be warped at a time; one per core when absent.",
    }),
    memory: Flags.string({
      helpValue: "SIZE",
      description: 'Memory that may be used, such as "4 GB"; 60 % when absent.',
    }),
  };

  async run(): Promise<void> {
    const { argv, args, flags } = await this.parse(Apply);
    const terminal = this.terminal(flags);
    const files = (argv as string[]).slice(1);
    const memory = bytesFlag(flags.memory, "memory");
    const registration = readTransform(args.transform);
    const like = flags.like;
    for (const file of [...files, ...(like === undefined ? [] : [like])]) mustExist(file);
    const jobs = targetsOf(files, flags.out);
    this.#warnOfVerdict(args.transform, registration);

    const map = pointMap(registration, flags.from, flags.units);
    const applied: Applied[] = [];
    for (const job of jobs) if (job.kind !== "image") applied.push(mapFile(job, map, flags.from));
    const images = jobs.filter((job) => job.kind === "image");
    if (images.length > 0) {
      // Loaded here, so that points need not wait for what only images need.
      const { applyToImages } = await import("../apply-images.js");
      const absolute = images.map(({ file, target }) => ({ file: resolve(file), target: resolve(target) }));
      const record = await applyToImages(
        registration,
        absolute,
        {
          from: flags.from,
          labels: flags.labels,
          progress: "none",
          ...(like === undefined ? {} : { like: resolve(like) }),
          ...(flags.interpolation === undefined ? {} : { interpolation: flags.interpolation }),
          ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
          ...(memory === undefined ? {} : { memory }),
        },
        terminal,
      );
      if (record.exit !== exit.done) throw new CommandFailure(record.exit, plainReason(record).map(inFlags));
      for (const { file, target } of images)
        applied.push({ file, to: target, kind: flags.labels ? "labels" : "image" });
    }
    if (flags.json) this.printJson({ ok: true, from: flags.from, files: applied });
    else this.print(applied.map(told).join("\n"));
  }

  #warnOfVerdict(file: string, { verdict }: Registration): void {
    if (!verdict || verdict.status === "accepted") return;
    const why = verdict.reasons[0]?.message;
    this.warnUser(`warning: the verdict on ${file} is ${verdict.status}${why ? `: ${why}` : ""}`);
  }
}

/** Hints of steps speak of ports; on the command line these are flags. */
const inFlags = (d: Diagnostic): Diagnostic =>
  d.code === "grid-unknown" ? { ...d, hint: "Name an image of the right size with --like." } : d;

function readTransform(path: string): Registration {
  const text = readWholeText(path);
  const parsed = parseTransformFile(text);
  if (!parsed.ok) {
    throw new CommandFailure(
      exit.inputMissing,
      parsed.diagnostics.map((d) => ({
        ...d,
        message: `${path}: ${d.message}`,
        hint: d.hint ?? "It must be a transform.json that Tiepoint wrote.",
      })),
    );
  }
  return parsed.value.registration;
}

function readWholeText(path: string): string {
  mustExist(path);
  const { size } = statSync(path);
  if (size > MAX_TEXT) {
    throw new CommandFailure(exit.inputMissing, [
      problem("file-too-large", `${path} has ${size} bytes; at most ${MAX_TEXT} can be read`),
    ]);
  }
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailure(exit.inputMissing, [problem("file-unreadable", `${path}: ${(error as Error).message}`)]);
  }
}

function mustExist(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile()) return;
  const message = stat ? `${path} is not a file` : `There is no file ${path}`;
  throw new CommandFailure(exit.inputMissing, [
    problem("input-missing", message, `Paths are relative to ${process.cwd()}.`),
  ]);
}

/** Which file goes where. An output is never one of the files that are read. */
function targetsOf(files: readonly string[], out: string): readonly Job[] {
  const intoFolder = files.length > 1 || /[/\\]$/.test(out) || (existsSync(out) && statSync(out).isDirectory());
  const targets = files.map((file) => (intoFolder ? join(out, basename(file)) : out));
  const double = targets.find((target, i) => targets.indexOf(target) !== i);
  if (double !== undefined) {
    throw new CommandFailure(exit.wrongUsage, [
      problem(
        "two-of-one-name",
        `Two of the files would be written to ${double}`,
        "Apply the transform to them one by one.",
      ),
    ]);
  }
  const sources = new Set(files.map((file) => realpathSync(file)));
  for (const target of targets) {
    if (existsSync(target) && sources.has(realpathSync(target))) {
      throw new CommandFailure(exit.wrongUsage, [
        problem("output-is-input", `${target} is one of the files to read`, "Name another file or folder with -o."),
      ]);
    }
  }
  return files.map((file, i) => ({ file, target: targets[i]!, kind: kindOf(file) }));
}

function kindOf(file: string): Job["kind"] {
  const extension = extname(file).toLowerCase();
  if (extension === ".csv" || extension === ".tsv") return "csv";
  return extension === ".geojson" || extension === ".json" ? "geojson" : "image";
}

function mapFile({ file, target, kind }: Job, map: MapPoints, from: Origin): Applied {
  const text = readWholeText(file);
  const mapped = kind === "csv" ? mapCsv(text, map, from) : mapGeoJson(text, map);
  if (!mapped.ok) {
    throw new CommandFailure(
      exit.inputMissing,
      mapped.diagnostics.map((d) => ({ ...d, message: `${file}: ${d.message}` })),
    );
  }
  makeFolder(resolve(target, ".."));
  writeWhole(resolve(target), mapped.value.text, "output");
  return {
    file,
    to: target,
    kind: kind as "csv" | "geojson",
    points: mapped.value.points,
    outside: mapped.value.outside,
  };
}

function told({ file, to, kind, points, outside }: Applied): string {
  const what = points === undefined ? kind : `${points} ${points === 1 ? "point" : "points"}`;
  const lost = outside ? `, ${outside} outside of what the transform reaches` : "";
  return `${file} -> ${relative(process.cwd(), resolve(to)) || to}  ${what}${lost}`;
}
