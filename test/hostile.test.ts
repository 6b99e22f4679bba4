import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { tiffTags } from "../src/core/tiff-tags.js";
import { blocks, root, workshop } from "./cli/tiepoint.js";
import { buildTiff, simpleFields } from "./support/tiff.js";

const shop = workshop();
const binary = join(root, "bin", "tiepoint.js");

/** Writes what the process held at most, before it ends. The kernel's own count for a child begins with its parent's size. */
const preload = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync, writeFileSync } from "node:fs";
  import { isMainThread } from "node:worker_threads";
  if (isMainThread) process.on("exit", () => {
    try { writeFileSync("peak.txt", /VmHWM:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]); } catch {}
  });
`)}`;

/** Runs the command as a user would, and gives up after a minute: what hangs has no status. */
function tiepoint(...args: string[]) {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", CI: "1", NODE_OPTIONS: `--import "${preload}"` };
  const options = { cwd: shop.folder, env, encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [binary, ...args], options);
  const peak = shop.path("peak.txt");
  return {
    ...{ status, stdout, stderr },
    peakMB: existsSync(peak) ? Number(readFileSync(peak, "utf8")) / 1000 : undefined,
  };
}

/** What every failure owes its user, whatever went wrong. */
function expectDecent({ stderr, stdout, peakMB }: ReturnType<typeof tiepoint>, mostMB = 400): void {
  const said = stdout + stderr;
  expect(said).not.toMatch(/^\s+at \S+.*:\d+:\d+\)?$/m);
  expect(said).not.toMatch(/Internal error|undefined|\[object|node:internal/);
  if (peakMB !== undefined) expect(peakMB).toBeLessThan(mostMB);
}

const page = (width: number, height: number, data: Uint8Array, compression = 1) => ({
  fields: simpleFields({ width, height, bits: 8, compression }),
  chunks: [data],
});

/** One page whose directory says that it is followed by itself. */
function circle(): Uint8Array {
  const bytes = buildTiff([page(16, 16, new Uint8Array(256))]);
  const view = new DataView(bytes.buffer);
  const at = view.getUint32(4, true);
  view.setUint32(at + 2 + 12 * view.getUint16(at, true), at, true);
  return bytes;
}

const tile = () => {
  const size = [tiffTags.tileWidth, tiffTags.tileLength].map((tag) => [tag, 4, [256]] as const);
  const fields = simpleFields({ width: 256, height: 256, bits: 8, compression: 8 }, ...size).filter(
    ([tag]) => tag !== tiffTags.rowsPerStrip,
  );
  return buildTiff([{ fields, chunks: [deflateSync(new Uint8Array(200_000_000), { level: 9 })], tiled: true }]);
};

const float = (value: number) => {
  const data = new Uint8Array(new Float32Array(96 * 96).fill(value).buffer);
  return buildTiff([{ fields: simpleFields({ width: 96, height: 96, bits: 32, format: 3 }), chunks: [data] }]);
};

describe("a file that means ill or is damaged", () => {
  test.each<readonly [string, string, () => Uint8Array, number, string]>([
    ["a TIFF directory that follows itself", "bad.tif", circle, 4, "image-damaged"],
    [
      "a TIFF of absurd dimensions",
      "bad.tif",
      () => buildTiff([page(2 ** 31 - 1, 2 ** 31 - 1, new Uint8Array(16))]),
      4,
      "image-damaged",
    ],
    ["a tile that unfolds to 200 MB", "bad.tif", tile, 4, "image-damaged"],
    [
      "a truncated TIFF",
      "bad.tif",
      () => buildTiff([page(64, 64, new Uint8Array(4096))]).subarray(0, 900),
      4,
      "image-damaged",
    ],
    ["a TIFF of eight bytes", "bad.tif", () => circle().subarray(0, 8), 4, "image-damaged"],
    ["a file of nothing", "bad.tif", () => new Uint8Array(0), 4, "not-an-image"],
    ["a PNG of nothing", "bad.png", () => new Uint8Array(0), 4, "not-an-image"],
    [
      "text that calls itself a picture",
      "bad.png",
      () => Buffer.from("not a picture at all\n".repeat(50)),
      4,
      "not-an-image",
    ],
    ["a TIFF that calls itself a PNG", "bad.png", () => circle(), 4, "not-an-image"],
    ["a picture without a known extension", "bad.xyz", () => blocks(64, 64, 1), 2, "no-reader"],
    ["a truncated netpbm", "bad.pgm", () => blocks(64, 64, 1).subarray(0, 1000), 4, "image-damaged"],
    ["an image of NaN alone", "bad.tif", () => float(Number.NaN), 1, "too-few-keypoints"],
    ["an image of one value", "bad.tif", () => float(7), 1, "too-few-keypoints"],
    ["an image of one pixel", "bad.pgm", () => blocks(1, 1, 1), 1, "too-few-keypoints"],
  ])("%s", (_, name, make, status, code) => {
    shop.write("good.pgm", blocks(128, 128, 1));
    shop.write(name, make());
    const ended = tiepoint("align", "good.pgm", name, "-o", "out");
    expectDecent(ended);
    expect(ended.stderr).toContain(`error ${code}`);
    expect(ended.stderr).toMatch(/^ {2}help: \S/m);
    // Which of the two files it is must not be left to guessing.
    expect(ended.stderr).toContain(status === 1 ? "moving image" : name);
    expect(ended.status).toBe(status);
    expect(shop.has("out/transform.json")).toBe(false);
    expect(shop.has("out/registered.tif")).toBe(false);
  });

  test("a PNG of 800 kB that unfolds to 768 MB is refused with the numbers", async () => {
    const create = { width: 16_000, height: 16_000, channels: 3, background: "black" } as const;
    shop.write("bomb.png", await sharp({ create, limitInputPixels: false }).png().toBuffer());
    shop.write("good.pgm", blocks(128, 128, 1));
    const ended = tiepoint("align", "good.pgm", "bomb.png", "-o", "out", "--memory", "512 MB");
    expectDecent(ended);
    expect(ended.stderr).toMatch(/16000 x 16000 px with 3 bands takes \d+ MB, but the step may hold 384 MB/);
    expect(ended.stderr).toContain("--memory");
    expect(ended.status).toBe(4);
  });
});

describe("a pipeline that means ill", () => {
  const sound =
    "tiepoint: 1\ninputs: { a: a.pgm }\nsteps: { b: { use: preprocess/gray, in: a } }\noutputs: { b.tif: b }\n";
  const bomb = ["tiepoint: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i++)
    bomb.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  test.each([
    ["10 kB of brackets", "[".repeat(10_000), [], "nested-too-deep"],
    ["10 kB of brackets within", `tiepoint: 1\nsteps: ${"[".repeat(10_000)}`, [], "nested-too-deep"],
    ["aliases that multiply", bomb.join("\n"), [], "alias"],
    ["a key named __proto__", `${sound}__proto__: { x: 1 }\n`, [], "forbidden-name"],
    ["--set __proto__.x", sound, ["--set", "__proto__.x=1"], "unknown-setting"],
    ["--set constructor.prototype.x", sound, ["--set", "constructor.prototype.x=1"], "unknown-setting"],
    ["a file of zeros", "\0".repeat(10_000), [], "control-character"],
    ["an empty file", "", [], "empty-file"],
  ] as const)("%s", (_, text, args, code) => {
    shop.write("a.pgm", blocks(32, 32, 1));
    shop.write("bad.yaml", text);
    for (const command of ["run", "plan"]) {
      const ended = tiepoint(command, "bad.yaml", ...args);
      expectDecent(ended);
      expect(ended.stderr).toContain(`error ${code}`);
      expect(ended.stderr.length).toBeLessThan(2000);
      expect(ended.status).toBe(2);
    }
    expect(shop.has("b.tif")).toBe(false);
  });
});
