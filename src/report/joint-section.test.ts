import { expect, test } from "vitest";
import { encodeWithSharp, fakeRun } from "../../test/support/fake-run.js";
import { memoryImage } from "../../test/support/image.js";
import { pixelGrid } from "../core/grid.js";
import { seededRandom } from "../core/random.js";
import type { Picture } from "./figures.js";
import { informationOf, jointBins, jointHistogram, jointPicture, largestShare } from "./joint-histogram.js";
import { jointSection } from "./joint-section.js";
import { buildReport } from "./report.js";

const side = 200;
const grid = pixelGrid(side, side);

function picture(value: (i: number) => number, valid: (i: number) => boolean = () => true): Picture {
  const indices = Array.from({ length: side * side }, (_, i) => i);
  return { grid, bands: 1, data: Uint8Array.from(indices, value), valid: Uint8Array.from(indices, (i) => +valid(i)) };
}

const ramp = picture((i) => i % 256);

test("a picture with itself lies on the rising line, with its negative on the falling one", () => {
  const same = jointHistogram(ramp, ramp);
  expect(same.pixels).toBe(side * side);
  expect(same.correlation).toBeCloseTo(1, 12);
  // 64 brightnesses, all as frequent: ln 64, less a finite sample's share of it.
  expect(informationOf(same)).toBeCloseTo(Math.log(64), 2);
  for (let k = 0; k < same.counts.length; k++) expect(same.counts[k]! > 0).toBe(k % (jointBins + 1) === 0);
  const negative = jointHistogram(
    ramp,
    picture((i) => 255 - (i % 256)),
  );
  expect(negative.correlation).toBeCloseTo(-1, 12);
  expect(informationOf(negative)).toBeCloseTo(informationOf(same), 9);
});

test("noise tells next to nothing, though a finite sample of it looks as if it did", () => {
  const random = seededRandom(3);
  const noise = () => picture(() => random() * 256);
  expect(informationOf(jointHistogram(noise(), noise()))).toBeLessThan(0.02);
});

test("pixels that either picture does not have are not counted", () => {
  const of = jointHistogram(
    picture(
      (i) => i,
      (i) => i % 2 === 0,
    ),
    picture(
      (i) => i,
      (i) => i % 3 === 0,
    ),
  );
  expect(of.pixels).toBe(Math.ceil((side * side) / 6));
  const none = jointHistogram(
    ramp,
    picture(
      () => 0,
      () => false,
    ),
  );
  expect(none).toMatchObject({ pixels: 0, correlation: Number.NaN });
  expect(largestShare(none)).toBe(0);
  expect(informationOf(none)).toBe(0);
});

test("its picture has the origin at the lower left, and is clear where nothing was counted", () => {
  const dark = jointHistogram(
    picture(() => 0),
    picture(() => 250),
  );
  const { data } = jointPicture(dark, 1);
  const alpha = data.subarray(3 * jointBins * jointBins);
  // Moving is bright, so the pixel is in the row next but one to the upper edge, at the left.
  expect(Array.from(alpha).filter((v) => v > 0)).toHaveLength(1);
  expect(alpha[1 * jointBins]).toBe(255);
});

const access = { value: async () => undefined, encode: encodeWithSharp };
const gray = memoryImage(new Uint8Array(side * side), grid);
const textOf = (markup: { text: string } | undefined) =>
  (markup?.text ?? "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

test("it is said whether the images tell more of each other than before", async () => {
  const shifted = picture((i) => (i * 37) % 256);
  const random = seededRandom(5);
  const noise = picture(() => random() * 256);
  const pictures = { fixed: ramp, moving: shifted, placed: "file" as const };
  const images = { fixed: gray, moving: gray };
  const better = textOf(await jointSection(access, images, { ...pictures, before: noise, after: ramp }));
  expect(better).toContain("Registration raised what the brightness in one image tells of that in the other from 0.0");
  expect(better).toContain("mutual information 0.0");
  const worse = textOf(await jointSection(access, images, { ...pictures, before: ramp, after: noise }));
  expect(worse).toContain("Registration lowered what the brightness");
  const apart = picture(
    () => 0,
    () => false,
  );
  const first = textOf(await jointSection(access, images, { ...pictures, before: apart, after: ramp }));
  expect(first).toContain("Before registration the images hardly meet");
  expect(first).toContain("mutual information – 4.1");
  expect(await jointSection(access, images, { ...pictures, before: ramp, after: apart })).toBeUndefined();
  const labels = { ...gray, meaning: "labels" as const };
  expect(
    await jointSection(access, { fixed: labels, moving: labels }, { ...pictures, before: ramp, after: ramp }),
  ).toBe(undefined);
});

test("a report has the histograms of its registration", async () => {
  const { record, access: run } = fakeRun();
  const page = await buildReport(record, run);
  expect(page.match(/class="chart joint"/g)).toHaveLength(2);
  expect(page.match(/<image href="data:image\/png/g)).toHaveLength(2);
});

test("images without an observation have none, and do not break the report", async () => {
  const empty = memoryImage(new Float32Array(64 * 64).fill(Number.NaN), pixelGrid(64, 64));
  const { record, access: run } = fakeRun({ fixed: empty, moving: empty });
  const page = await buildReport(record, run);
  expect(page).not.toContain('class="chart joint"');
  expect(page).toContain("What the transform does");
});
