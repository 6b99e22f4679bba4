import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { availableParallelism, freemem, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { registry } from "../../../plugins/index.js";
import { formatBytes } from "../../core/format.js";
import { wholeWindow } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { kernels } from "../../kernel/lane.js";
import { TiepointCommand } from "../base.js";
import { exit } from "../exit.js";

interface Finding {
  readonly state: "ok" | "warn" | "fail";
  readonly name: string;
  readonly found: string;
  readonly hint?: string;
}

export default class Doctor extends TiepointCommand {
  static override summary = "Check that this computer has what Tiepoint needs.";
  static override description =
    "Looks at Node, processor, memory, the compute kernels, the image library, all plugins and the free disk space. Ends with status 5 when something must be mended.";
  static override examples = [{ description: "Is everything in order?", command: "<%= config.bin %> doctor" }];

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const { colors } = this.terminal(flags);
    const findings = [node(), machine(), kernel(), await pictures(), await plugins(), disk()];
    if (findings.some((f) => f.state === "fail")) process.exitCode = exit.environment;
    if (flags.json) {
      this.printJson({ ok: process.exitCode !== exit.environment, findings });
      return;
    }
    const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red };
    this.print(
      findings
        .map(
          ({ state, name, found, hint }) =>
            `${paint[state](state.padEnd(4))}  ${name}: ${found}${hint ? `\n      ${hint}` : ""}`,
        )
        .join("\n"),
    );
  }
}

function node(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  const found = `${process.versions.node} on ${process.platform} ${process.arch}`;
  return major >= 22
    ? { state: "ok", name: "node", found }
    : { state: "warn", name: "node", found, hint: "Works, but is past its end of life. Node 22 or 24 is recommended." };
}

function machine(): Finding {
  const found = `${availableParallelism()} cores, ${formatBytes(totalmem())} memory, ${formatBytes(freemem())} free`;
  return totalmem() >= 2 * 1024 ** 3
    ? { state: "ok", name: "machine", found }
    : { state: "warn", name: "machine", found, hint: "Large images will be slow with less than 2 GiB." };
}

/** Runs one kernel whose result is known. */
function kernel(): Finding {
  try {
    const angle = kernels().call("atan2", 1, 1);
    return angle === Math.PI / 4
      ? { state: "ok", name: "kernels", found: "WebAssembly SIMD works" }
      : { state: "fail", name: "kernels", found: `atan2(1, 1) gave ${angle}`, hint: "Run npm run build again." };
  } catch (error) {
    const hint = "Run npm run build; if that does not help, this processor or Node lacks WebAssembly SIMD.";
    return { state: "fail", name: "kernels", found: (error as Error).message, hint };
  }
}

/** Reads a picture: the image library is a native module, which fails when packages were installed for another machine. */
async function pictures(): Promise<Finding> {
  const folder = mkdtempSync(join(tmpdir(), "tiepoint-doctor-"));
  try {
    const path = join(folder, "one.png");
    writeFileSync(path, Buffer.from(onePixel, "base64"));
    const plugin = await registry().load("read/raster");
    const outcome = await plugin!.run(
      { file: { path, sha256: "", bytes: 70 }, sameGridAs: undefined },
      { kind: "intensity" },
      { signal: new AbortController().signal, random: () => 0, memory: 1e9, progress: () => undefined },
    );
    if (!outcome.ok)
      return { state: "fail", name: "pictures", found: outcome.diagnostics[0]!.message, hint: reinstall };
    const image = outcome.value.image as Image;
    const { data } = await image.read(wholeWindow(image.grid));
    return data[0] === 200
      ? { state: "ok", name: "pictures", found: "a PNG was read" }
      : { state: "fail", name: "pictures", found: `a sample of 200 was read as ${data[0]}`, hint: reinstall };
  } catch (error) {
    return { state: "fail", name: "pictures", found: (error as Error).message.split("\n")[0]!, hint: reinstall };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const reinstall = "Run npm ci on this machine.";
/** A gray PNG of one pixel with the value 200. */
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGM4AQAAygDJmcpdfgAAAABJRU5ErkJggg==";

async function plugins(): Promise<Finding> {
  const { ids, load } = registry();
  const broken: string[] = [];
  for (const id of ids) {
    try {
      await load(id);
    } catch {
      broken.push(id);
    }
  }
  return broken.length === 0
    ? { state: "ok", name: "plugins", found: `${ids.length} load` }
    : {
        state: "fail",
        name: "plugins",
        found: `${broken.join(", ")} cannot be loaded`,
        hint: "Run npm ci, then npm run build.",
      };
}

function disk(): Finding {
  try {
    const folder = mkdtempSync(join(tmpdir(), "tiepoint-doctor-"));
    rmSync(folder, { recursive: true });
    const { bavail, bsize } = statfsSync(process.cwd());
    const found = `${formatBytes(bavail * bsize)} free here`;
    return bavail * bsize > 1e9
      ? { state: "ok", name: "disk", found }
      : { state: "warn", name: "disk", found, hint: "tiepoint cache clean frees what no pipeline needs any more." };
  } catch (error) {
    return {
      state: "fail",
      name: "disk",
      found: (error as Error).message,
      hint: "Make the temporary folder writable.",
    };
  }
}
