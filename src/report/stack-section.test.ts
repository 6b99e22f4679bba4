import { expect, test } from "vitest";
import { encodeWithSharp, fakeRun } from "../../test/support/fake-run.js";
import { memoryImage } from "../../test/support/image.js";
import { type Affine2, pixelGrid } from "../core/grid.js";
import type { RunAccess, RunRecord, TaskRecord } from "../core/record.js";
import { type SliceState, slicesTable } from "../core/slice-tables.js";
import { buildReport, mostBytes } from "./report.js";
import { stackSection } from "./stack-section.js";

interface Options {
  readonly count: number;
  readonly states?: Readonly<Record<number, SliceState>>;
  readonly at?: (i: number) => Affine2;
  /** One image whose bands are the slices, in place of an image for each. */
  readonly bands?: boolean;
  readonly name?: (i: number) => string;
}

const size = { width: 40, height: 30 };

/** A stack whose slices show a bright column that moves to the left; the transforms bring it back to column 20. */
function stackRun({ count, states = {}, bands = false, name = (i) => `slice ${i}.tif`, ...options }: Options) {
  const { record } = fakeRun();
  const at = options.at ?? ((i: number): Affine2 => [1, 0, i % 7, 0, 1, 0]);
  const all = Array.from({ length: count }, (_, i) => i);
  const pixelsOf = (i: number) =>
    Uint8Array.from({ length: size.width * size.height }, (_, k) => (k % size.width === 20 - (i % 7) ? 200 : 10));
  const table = slicesTable({
    slices: all.map(name),
    frameFromSlice: all.map(at),
    sigma: Float64Array.from(all, (i) => 0.02 + 0.001 * i),
    state: all.map((i) => states[i] ?? "used"),
  });
  const task = (id: string, plugin: string, more: Partial<TaskRecord>): TaskRecord => ({
    ...{ ...record.tasks[0]!, id, step: id, plugin, inputs: {}, outputs: [], notes: [], metrics: {} },
    ...more,
  });
  const image = { port: "image", type: "image" as const, digest: "d" };
  const inputs = bands ? ["movie"] : all.map((i) => `slice[${i}]`);
  const mine: RunRecord = {
    ...record,
    tasks: [
      ...inputs.map((id, i) => task(id, "read/tiff", { ...(bands ? {} : { item: name(i) }), outputs: [image] })),
      task("aligned", "stack/align", {
        inputs: { slices: inputs },
        outputs: [{ port: "transforms", type: "table", digest: "d" }],
      }),
    ],
  };
  const access: RunAccess = {
    async value(id) {
      if (id === "aligned") return table;
      const grid = pixelGrid(size.width, size.height);
      if (!bands) return memoryImage(pixelsOf(inputs.indexOf(id)), grid);
      const data = new Uint8Array(count * size.width * size.height);
      for (const i of all) data.set(pixelsOf(i), i * size.width * size.height);
      return memoryImage(data, grid, { bands: all.map(name) });
    },
    encode: encodeWithSharp,
  };
  return { record: mine, access };
}

const section = async (options: Options) => {
  const { record, access } = stackRun(options);
  return (await stackSection(record, access))?.text ?? "";
};
const plain = (text: string) => text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

test("a stack is told in sentences and drawn along its slices", async () => {
  const text = await section({ count: 14, states: { 3: "bridged", 9: "lost" } });
  expect(plain(text)).toContain(
    "Of 14 slices, 12 were placed by what they show; one is bad and lies between its neighbours, one could not be placed at all.",
  );
  expect(plain(text)).toContain("from the first to the last by 6.0 px to the right and 0.0 px down.");
  expect(text.match(/class="chart drift"/g)).toHaveLength(1);
  expect(plain(text)).toContain("2 slices are at fault");
  expect(plain(text)).toMatch(/4 slice 3.tif 0.023 px It looks like none of its neighbours/);
});

test("turns are drawn where there are any, clockwise", async () => {
  const turn = (i: number): Affine2 => {
    const s = 0.001 * i;
    const c = Math.sqrt(1 - s * s);
    return [c, -s, 0, s, c, 0];
  };
  const text = await section({ count: 11, at: turn });
  expect(text.match(/class="chart drift"/g)).toHaveLength(2);
  expect(plain(text)).toContain("turned by 0.57° clockwise.");
  expect(plain(text)).toContain("All 11 slices were placed by what they show.");
});

test.each([false, true])("cuts show the slices before and after, also of one image (%s)", async (bands) => {
  const pictures: { data: ArrayLike<number>; width: number; height: number }[] = [];
  const { record, access } = stackRun({ count: 14, bands });
  const spying: RunAccess = {
    ...access,
    encode: (pixels, ...rest) => {
      pictures.push(pixels);
      return access.encode(pixels, ...rest);
    },
  };
  const text = (await stackSection(record, spying))!.text;
  expect(plain(text)).toContain("along x, as the slices came along x, aligned");
  expect(pictures.map(({ width, height }) => [width, height])).toEqual([
    [40, 14],
    [40, 14],
    [30, 14],
    [30, 14],
  ]);
  const brightest = ({ data, width, height }: (typeof pictures)[number]) =>
    Array.from({ length: height }, (_, row) =>
      Array.from({ length: width }, (_, x) => data[row * width + x]!).indexOf(255),
    );
  expect(brightest(pictures[0]!).slice(0, 4)).toEqual([20, 19, 18, 17]);
  expect(new Set(brightest(pictures[1]!))).toEqual(new Set([20]));
});

test("a run without a stack has no such section; one of 10 000 slices fits", async () => {
  const { record, access } = fakeRun();
  expect(await stackSection(record, access)).toBeUndefined();
  const many = stackRun({ count: 10_000, states: { 50: "bridged" }, name: (i) => `<b>${i}` });
  const page = await buildReport(many.record, many.access);
  expect(Buffer.byteLength(page)).toBeLessThan(mostBytes);
  expect(page).toContain('href="#stack"');
  expect(page).not.toContain("<b>5");
}, 60_000);
