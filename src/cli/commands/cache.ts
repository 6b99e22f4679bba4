import { readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Args, Flags } from "@oclif/core";
import { problem } from "../../core/diagnostic.js";
import { formatBytes } from "../../core/format.js";
import { Store } from "../../run/store.js";
import { TiepointCommand } from "../base.js";
import { CommandFailure, exit } from "../exit.js";

const actions = ["info", "verify", "clean", "path"] as const;

export default class Cache extends TiepointCommand {
  static override summary = "Look at, check or empty the results that are kept between runs.";
  static override description =
    `Results are kept in a folder .tiepoint beside each pipeline, so that nothing is computed twice.

info    how much is kept
verify  read everything and set aside what is damaged; it is computed anew when needed
clean   remove what is kept: everything, or what was not used for some days
path    where the folder is`;
  static override examples = [
    { description: "How much room does it take?", command: "<%= config.bin %> cache info" },
    { description: "Of a pipeline in another folder", command: "<%= config.bin %> cache info --dir ~/slides" },
    { description: "Remove results older than a month", command: "<%= config.bin %> cache clean --older 30" },
  ];
  static override args = {
    action: Args.string({ required: true, options: [...actions], description: "What to do." }),
  };
  static override flags = {
    dir: Flags.string({ default: ".", helpValue: "DIR", description: "Folder of the pipeline." }),
    older: Flags.integer({
      min: 0,
      helpValue: "DAYS",
      description: "Clean results that were written more than so many days ago.",
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Cache);
    this.terminal(flags);
    const { TIEPOINT_STORE } = process.env;
    const folder = TIEPOINT_STORE ? resolve(TIEPOINT_STORE) : resolve(flags.dir, ".tiepoint");
    if (args.action === "path") {
      if (flags.json) this.printJson({ path: folder });
      else this.print(folder);
      return;
    }
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      if (args.action !== "info") {
        throw new CommandFailure(exit.inputMissing, [
          problem("no-store", `There is no folder ${folder}`, "Name the folder of a pipeline with --dir."),
        ]);
      }
      if (flags.json) this.printJson({ path: folder, results: 0, bytes: 0 });
      else this.print(`${folder}: nothing is kept`);
      return;
    }
    if (args.action === "info") this.#info(folder, flags.json);
    else if (args.action === "verify") this.#verify(folder, flags.json);
    else this.#clean(folder, flags.older, flags.json);
  }

  #info(folder: string, json: boolean): void {
    const files = filesUnder(folder);
    const results = files.filter(({ path }) => path.startsWith(join(folder, "actions"))).length;
    const bytes = files.reduce((sum, f) => sum + f.bytes, 0);
    if (json) this.printJson({ path: folder, results, bytes });
    else this.print(`${folder}: ${results} results, ${formatBytes(bytes)}`);
  }

  #verify(folder: string, json: boolean): void {
    const store = new Store(folder);
    const keys = filesUnder(join(folder, "actions")).map(({ name }) => name.replace(/\.json$/, ""));
    const damaged = keys.filter((key) => {
      const action = store.action(key);
      if (action && store.isWhole(action, true)) return false;
      store.forget(key);
      return true;
    });
    if (json) this.printJson({ ok: damaged.length === 0, path: folder, results: keys.length, damaged });
    else if (damaged.length === 0) this.print(`${keys.length} results are whole`);
    else
      this.print(
        `${damaged.length} of ${keys.length} results were damaged and set aside; they are computed anew when needed`,
      );
  }

  #clean(folder: string, days: number | undefined, json: boolean): void {
    const limit = days === undefined ? Number.POSITIVE_INFINITY : Date.now() - days * 86400e3;
    const areas = ["actions", "blocks", "cas", "quarantine"].flatMap((name) => filesUnder(join(folder, name)));
    const old = areas.filter((file) => file.modified < limit);
    // Results first: without its action, stored bytes are only waste; the other way round would be a result with holes.
    for (const file of old.sort((a, b) => rank(a.path, folder) - rank(b.path, folder)))
      rmSync(file.path, { force: true });
    const bytes = old.reduce((sum, f) => sum + f.bytes, 0);
    if (json) this.printJson({ ok: true, path: folder, removed: old.length, bytes });
    else this.print(`removed ${old.length} files, ${formatBytes(bytes)}`);
  }
}

const rank = (path: string, folder: string): number => (path.startsWith(join(folder, "cas")) ? 1 : 0);

interface Found {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly modified: number;
}

function filesUnder(folder: string): Found[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return [];
    const path = join(entry.parentPath, entry.name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat ? [{ path, name: entry.name, bytes: stat.size, modified: stat.mtimeMs }] : [];
  });
}
