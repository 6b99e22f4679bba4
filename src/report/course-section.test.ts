import { expect, test } from "vitest";
import { fakeRun } from "../../test/support/fake-run.js";
import { pixelGrid } from "../core/grid.js";
import type { Capture, Course, Departure, Verdict } from "../core/verdict.js";
import { reaches } from "./capture-figure.js";
import { courseSection } from "./course-section.js";
import { buildReport } from "./report.js";

const step = (level: number, value: number, length: number) => ({ level, value, step: length });
const course: Course = {
  measure: "correlation",
  steps: [step(2, 0.3, 20), step(2, 0.6, 4), step(1, 0.55, 1), step(0, 0.5, 0.1), step(0, 0.52, 0.0008)],
};
const verdict: Verdict = { status: "accepted", reasons: [], metrics: {}, stopped: "converged" };
const grid = pixelGrid(400, 300);
const textOf = (markup: { text: string } | undefined) =>
  (markup?.text ?? "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
const told = (c: Course, v = verdict) => courseSection(c, v, grid, grid);
const broken = /(?:[dxy]|width|points|transform)="[^"]*(NaN|Infinity|undefined)/;

test("a course is told with its steps, its sizes and where it came to rest", () => {
  const text = textOf(told(course));
  expect(text).toContain("5 steps on 3 sizes of the images, from 1/4 to the finest.");
  expect(text).toContain("The last of 2 steps at the finest size moved no place of the image by more than 0.00080 px");
  expect(text).toContain("higher is better");
  expect(textOf(told({ ...course, measure: "mean square difference" }))).toContain("lower is better");
});

test("a search that did not come to rest is said to be one", () => {
  const steps = [...course.steps, step(0, 0.5, 3.5)];
  expect(textOf(told({ ...course, steps }))).toContain("The last step still moved the image by up to 3.5 px");
  const reasons = [{ severity: "warning", code: "not-converged", message: "It still moves" }] as const;
  expect(textOf(told(course, { ...verdict, reasons }))).toContain("did not come to rest");
});

test("the lines break between levels, and the expected error is marked in pixels of the fixed image", () => {
  const metrics = { "expected-error": { value: 0.02, unit: "px" } };
  const { text } = courseSection(course, { ...verdict, metrics }, grid, {
    ...grid,
    worldFromPixel: [2, 0, 0, 0, 2, 0],
  })!;
  expect(text.match(/class="line"/g)).toHaveLength(6);
  expect(text.match(/class="band/g)).toHaveLength(6);
  expect(text).toContain("expected error 0.040 px");
  expect(told(course)!.text).not.toContain("expected error");
});

const capture: Capture = { rotation: Math.PI / 6, scale: [0.8, 1.25], shift: 0.25 };
const found = (rotation: number, scale = 1, shift = 0.1): Departure => ({
  rotation: (rotation * Math.PI) / 180,
  scale,
  shift,
});

test("a map is placed among the starts from which it would have been found", () => {
  const places = (f: Departure) => reaches(capture, f, 400).map((r) => r.place);
  expect(places(found(10))).toEqual(["inside", "inside", "inside"]);
  expect(places(found(-28, 1.24, 0.22))).toEqual(["rim", "rim", "rim"]);
  expect(places(found(40, 0.7, 0.3))).toEqual(["outside", "outside", "outside"]);
  expect(reaches(capture, undefined, 400).map((r) => r.place)).toEqual(["unknown", "unknown", "unknown"]);
  expect(reaches({ rotation: 0, scale: [1, 1], shift: 0.1 }, found(0), 400).map((r) => r.what)).toEqual(["shift"]);
  expect(reaches({ ...capture, rotation: Math.PI }, found(179), 400)[0]!.place).toBe("inside");
});

test("a map at the rim or beyond is said to be there, with what to do", () => {
  const text = (f: Departure) => textOf(told({ ...course, capture, found: f }));
  expect(text(found(10))).toContain("From the start the image was turned by 10° of at most 30°");
  expect(text(found(10))).toContain("well inside");
  expect(text(found(-28))).toContain("close to the rim of what the search reaches (turned by −28° of at most −30°)");
  expect(text(found(10, 0.7))).toContain("farther than the search surely reaches (scaled by 0.7000 of at least 0.800)");
  expect(textOf(told(course))).toContain("looked nowhere else");
});

test("hostile courses stay short and whole", () => {
  const hostile: Course = {
    measure: `<script>${"x".repeat(1e5)}`,
    steps: Array.from({ length: 20_000 }, (_, i) =>
      step(i % 64, i % 3 ? Number.NaN : (i - 9000) * 1e300, i % 5 ? i : Number.POSITIVE_INFINITY),
    ),
    capture: { rotation: Number.NaN, scale: [Number.NaN, 0], shift: Number.POSITIVE_INFINITY },
    found: { rotation: Number.NaN, scale: -1, shift: Number.NaN },
  };
  for (const c of [
    hostile,
    { ...course, steps: [step(0, Number.NaN, Number.NaN)] },
    { ...course, steps: [step(0, 0, 0)] },
    { ...course, steps: [step(64, -1e308, 1e-320), step(64, 1e308, 1e308)] },
  ]) {
    const { text } = told(c)!;
    expect(text).not.toMatch(broken);
    expect(text).not.toContain("<script");
    expect(text.length).toBeLessThan(60_000);
  }
  expect(told({ ...course, steps: [] })).toBeUndefined();
});

test("a report shows the course of a registration that has one", async () => {
  const { record, access, values } = fakeRun();
  const one = values.get("affine transform") as { verdict: object };
  values.set("affine transform", {
    ...one,
    verdict: { ...one.verdict, course: { ...course, capture, found: found(12) } },
  });
  const page = await buildReport(record, access);
  expect(page).toContain('class="chart course"');
  expect(page).toContain('class="chart capture"');
});
