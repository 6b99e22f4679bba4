import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Flags } from "@oclif/core";
import { registry } from "../../../plugins/index.js";
import { problem } from "../../core/diagnostic.js";
import { formatNumber, formatSeconds } from "../../core/format.js";
import { toPixel, toWorld } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { pixelPoints } from "../../core/points.js";
import type { Registration } from "../../core/registration.js";
import { apply } from "../../core/transform.js";
import { parseTransformFile } from "../../core/transform-json.js";
import { makeFolder } from "../../run/disk.js";
import { type SamplePair, samplePair } from "../../samples/pairs.js";
import { relativePath } from "../align-pipeline.js";
import { registrationInWords, registrationJson, writtenFiles } from "../align-result.js";
import { TiepointCommand } from "../base.js";
import { demoPipeline } from "../demo-pipeline.js";
import { executePlan } from "../execute.js";
import { CommandFailure, exit } from "../exit.js";
import { loadOrFail, told } from "../load.js";
import { lastRunOf } from "../settings.js";

const schemaPath = fileURLToPath(new URL("../../../../schemas/pipeline.schema.json", import.meta.url));
const SIZE = 768;

export default class Demo extends TiepointCommand {
  static override summary = "Try Tiepoint on images that it makes itself, where the truth is known.";
  static override description =
    "Makes a fluorescence image and a stained image of the same tissue, turned, scaled and sheared by a known amount; aligns them, brings the cell labels along, and says how far the result is from the truth. Takes some seconds and needs no other files.";
  static override examples = [
    { description: "See what Tiepoint does", command: "<%= config.bin %> demo" },
    { description: "Other images, in another folder", command: "<%= config.bin %> demo --seed 7 -o demo-7" },
  ];
  static override flags = {
    out: Flags.string({
      char: "o",
      default: "tiepoint-demo",
      helpValue: "DIR",
      description: "Folder for images and results.",
    }),
    seed: Flags.integer({ min: 1, max: 1_000_000, default: 1, description: "Another seed makes other images." }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Demo);
    const terminal = this.terminal(flags);
    const started = performance.now();
    const folder = resolve(flags.out);
    const file = join(flags.out, "pipeline.yaml");
    if (existsSync(folder) && !existsSync(join(folder, "pipeline.yaml"))) {
      throw new CommandFailure(exit.wrongUsage, [
        problem(
          "folder-exists",
          `${flags.out} is there already, and was not made by tiepoint demo`,
          "Name another folder with -o.",
        ),
      ]);
    }
    this.say(`making a pair of images of ${SIZE} x ${SIZE} px in ${flags.out}`);
    const pair = samplePair("stains", { size: SIZE, seed: flags.seed });
    try {
      makeFolder(folder);
      await writeImage(pair.fixed, join(folder, "fixed.png"));
      await writeImage(pair.moving, join(folder, "moving.png"));
      await writeImage(pair.labels!.moving, join(folder, "cells.png"));
      const schema = existsSync(schemaPath) ? relativePath(folder, schemaPath) : undefined;
      writeFileSync(join(folder, "pipeline.yaml"), demoPipeline(schema));
    } catch (error) {
      throw new CommandFailure(exit.environment, [
        problem("folder-unwritable", told(error, flags.out), "Name another folder with -o."),
      ]);
    }
    const { plan, pluginUrls } = await loadOrFail({ file });
    const store = join(folder, ".tiepoint");
    const record = await executePlan(plan, {
      terminal,
      progress: "auto",
      resume: `tiepoint run ${file}`,
      run: { storeDir: store, pluginUrls, recordPaths: [join(folder, "run.json"), lastRunOf(file, store)] },
    });
    process.exitCode = record.exit;
    if (!writtenFiles(record).has("transform.json")) return;
    const parsed = parseTransformFile(readFileSync(join(folder, "transform.json"), "utf8"));
    if (!parsed.ok) throw new Error(`Internal error: ${parsed.diagnostics[0]!.message}`);
    const { registration } = parsed.value;
    const error = trueError(registration, pair);
    const seconds = (performance.now() - started) / 1000;
    const report = relative(process.cwd(), join(folder, "report.html"));
    if (flags.json) {
      this.printJson({
        ok: record.exit === exit.done,
        exit: record.exit,
        trueError: { rms: error.rms, largest: error.largest, unit: "px" },
        ...registrationJson(registration),
        report,
        seconds,
      });
      return;
    }
    const expected = registration.verdict?.metrics["expected-error"];
    this.print(
      [
        registrationInWords(registration, { fixed: "fixed.png", moving: "moving.png" }),
        "",
        `true error      ${formatNumber(error.rms, 3)} px on average over the image, at most ${formatNumber(error.largest, 3)} px`,
        ...(expected
          ? [
              `expected error  ${formatNumber(expected.value, 3)} ${expected.unit ?? "px"}, as Tiepoint tells without knowing the truth`,
            ]
          : []),
        `took            ${formatSeconds(seconds)}`,
        `report          ${report}`,
        "",
        `next: look at ${report}, change ${file}, and run it again:`,
        `      tiepoint run ${file}`,
      ].join("\n"),
    );
  }
}

async function writeImage(image: Image, target: string): Promise<void> {
  const plugin = (await registry().load("write/raster"))!;
  const outcome = await plugin.run(
    { in: image },
    { quality: 90, lossless: false },
    { signal: new AbortController().signal, random: () => 0, memory: 1e9, progress: () => undefined, target },
  );
  if (!outcome.ok) throw new CommandFailure(exit.environment, outcome.diagnostics);
}

/** Distance in moving pixels between where the transform and where the truth puts places of the fixed image. */
function trueError(registration: Registration, { fixed, moving, truth }: SamplePair): { rms: number; largest: number } {
  const side = 33;
  const places = new Float64Array(2 * side * side);
  for (let i = 0; i < side * side; i++) {
    places[2 * i] = ((i % side) / (side - 1)) * (fixed.grid.width - 1);
    places[2 * i + 1] = (Math.floor(i / side) / (side - 1)) * (fixed.grid.height - 1);
  }
  const found = toPixel(moving.grid, apply(registration.transform, toWorld(fixed.grid, pixelPoints(places))));
  const right = new Float64Array(2);
  let sum = 0;
  let largest = 0;
  let count = 0;
  for (let i = 0; i < places.length; i += 2) {
    truth.movingFromFixed(places[i]!, places[i + 1]!, right);
    const [x, y] = [right[0]!, right[1]!];
    // What lies outside of the moving image cannot be seen, and does not count.
    if (x < 0 || y < 0 || x > moving.grid.width - 1 || y > moving.grid.height - 1) continue;
    const squared = (found[i]! - x) ** 2 + (found[i + 1]! - y) ** 2;
    sum += squared;
    largest = Math.max(largest, Math.sqrt(squared));
    count++;
  }
  return { rms: Math.sqrt(sum / Math.max(1, count)), largest };
}
