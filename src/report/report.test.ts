import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeWithSharp, fakeRun } from "../../test/support/fake-run.js";
import { memoryImage } from "../../test/support/image.js";
import { DiagnosticError, problem } from "../core/diagnostic.js";
import { pixelGrid } from "../core/grid.js";
import { worldPoints } from "../core/points.js";
import { seededRandom } from "../core/random.js";
import { buildReport, mostBytes } from "./report.js";

/** What a reader sees: no markup, no styles, no scripts, entities decoded. */
const textOf = (page: string): string =>
  page
    .replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ");

describe("the report of an accepted run", () => {
  let page = "";
  let text = "";
  beforeAll(async () => {
    const { record, access } = fakeRun();
    page = await buildReport(record, access);
    text = textOf(page);
  });

  test("leads with the verdict and the expected error", () => {
    expect(text).toContain(
      "Accepted Every check passed: the two images can be taken as aligned, to within about 0.78 px.",
    );
    expect(page.indexOf('class="word">Accepted')).toBeLessThan(page.indexOf("<h2"));
  });

  test("has its parts in order", () => {
    const heads = [
      "What the pipeline requires",
      "Before and after",
      "Tie points",
      "Errors and evidence",
      "What the transform does",
      "The pipeline",
      "Parameters",
      "Steps",
      "Provenance",
      "Run it again",
      "Text for a paper",
    ];
    const places = heads.map((h) => page.search(new RegExp(`<h[23][^>]*>${h}`)));
    expect(places.every((p) => p > 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test("shows each metric with a plain explanation, and one that nobody explained by its name", () => {
    expect(text).toContain("Held-out error 0.710 px lower Typical miss");
    expect(text).toContain("Chance of coincidence 1 in 10²¹²");
    expect(text).toContain("Sobel agreement 0.440 sobel-agreement");
  });

  test("says which gate wanted what and what was found", () => {
    expect(text).toContain("Tie points kept 200 ≥ 20 passed");
  });

  test("tells the transform in words, both ways", () => {
    expect(text).toMatch(/the moving image is turned 12 deg clockwise/);
    expect(text).toMatch(/11.997° clockwise 11.997° anticlockwise/);
  });

  test("draws tie points, kept and rejected, and says how much longer the arrows are", () => {
    expect(text).toContain("200 kept (they agree with the transform) and × 100 rejected");
    expect(text).toMatch(/as an arrow \d+ times as long as it is/);
    expect(page).toContain('class="chart coverage"');
    expect(page).toContain('class="chart histogram"');
  });

  test("shows the images of the run with their facts", () => {
    expect(text).toContain("fixed data/fluorescence.ome.tif 512 × 384 pixels");
    expect(page).toMatch(/<img alt="fixed" src="data:image\/jpeg/);
  });

  test("says who set each parameter, and how to run again", () => {
    expect(text).toContain("ratio 0.8 command line (--set)");
    expect(text).toContain("contrast-threshold 0.013 default of the plugin");
    expect(text).toContain("tiepoint run pipelines/section.yaml");
    expect(text).toContain("a3".repeat(32));
  });

  test("gives a text for a paper with numbered sources", () => {
    expect(text).toContain(
      "Corresponding places were found with match/sift (version 1; max-keypoints 5000, ratio 0.8) [1].",
    );
    expect(text).toContain(
      "The transform was estimated with estimate/affine (version 1; inlier-distance 3 px) [2, 3].",
    );
    expect(page).toContain('href="https://doi.org/10.1023/B:VISI.0000029664.99615.94"');
  });

  test("loads nothing: all pictures are inside, the only addresses are links", () => {
    const loaded = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map((m) => m[1]!.slice(0, 12));
    expect(loaded.length).toBeGreaterThan(10);
    expect(loaded.filter((a) => !a.startsWith("data:image/") && !a.startsWith("#") && a !== "https://doi.")).toEqual(
      [],
    );
    expect(page).not.toContain("url(http");
    expect(page).not.toContain("@import");
  });

  test("its policy allows its own script and no other", () => {
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
    const hash = createHash("sha256").update(script).digest("base64");
    expect(page).toContain(`script-src &#39;sha256-${hash}&#39;`);
    expect(page).toContain("default-src &#39;none&#39;");
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<[^>]* on[a-z]+=/);
  });

  test("has still pictures for paper and for browsers without scripts", () => {
    expect(page.match(/<img alt="Overlay (before|after) registration of affine" src="data:image\/jpeg/g)).toHaveLength(
      2,
    );
  });

  test("comes out the same again", async () => {
    const { record, access } = fakeRun();
    expect(await buildReport(record, access)).toBe(page);
  });
});

test("a refused run says why, what to try, what was not run, and still shows the pictures", async () => {
  const { record, access } = fakeRun({ status: "rejected" });
  const page = await buildReport(record, access);
  const text = textOf(page);
  expect(text).toContain("Rejected The evidence does not support this alignment.");
  expect(text).toContain("Correlation did not rise (0.104 before, 0.098 after)");
  expect(text).toContain("Try next: Check that both files show the same object");
  expect(text).toContain("Tie points kept 9 ≥ 20 not passed");
  expect(text).toContain("were not run, because something before was refused: aligned");
  expect(page).toContain('class="viewer"');
});

test("a run whose registration is fine but whose gate is not says that the pipeline refused it", async () => {
  const { record, access } = fakeRun({ state: "refused" });
  const text = textOf(await buildReport(record, access));
  expect(text).toContain("Refused by a requirement of the pipeline");
});

test("a failed run leads with what failed and what to try", async () => {
  const { record, access } = fakeRun({ state: "failed" });
  const text = textOf(await buildReport(record, access));
  expect(text).toContain("Not finished: affine failed");
  expect(text).toContain("All 14 tie points lie on one line");
  expect(text).toContain("Try next: Take use: estimate/similarity");
  expect(text).not.toContain("Accepted");
});

test("names and messages of a hostile run stay text", async () => {
  const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&amp;\u202e`;
  const { record, values } = fakeRun({ name: evil, file: evil });
  const tasks = record.tasks.map((t) => ({
    ...t,
    plugin: t.plugin.startsWith("match/") ? `match/${evil}` : t.plugin,
    params: { ...t.params, [evil]: evil },
    notes: [problem(evil, evil, evil)],
    cite: [evil, `doi:10.1/${evil.replace(/\s/g, "")}`],
    metrics: { ...t.metrics, [evil]: { value: 1, unit: evil } },
    gates: [{ metric: evil, comparison: evil, passed: false }],
  }));
  const inputs = record.inputs.map((i) => ({ ...i, name: evil, file: evil, sha256: evil }));
  const outputs = record.outputs.map((o) => ({ ...o, file: evil, from: evil }));
  const page = await buildReport(
    {
      ...record,
      tasks,
      inputs,
      outputs,
      notes: [problem(evil, evil)],
      tiepoint: evil,
      machine: { ...record.machine, node: evil, platform: evil },
    },
    { value: async (task, port) => values.get(`${task} ${port}`), encode: encodeWithSharp },
  );
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).not.toContain("<img src=x");
  expect(page).not.toMatch(/<[^>"]*\son\w+\s*=/);
  expect(page).not.toContain("\u202e");
  expect(textOf(page)).toContain("<script>alert(1)</script>");
});

test("values that are gone or damaged are said to be missing, and the rest is told", async () => {
  const { record } = fakeRun();
  const nothing = textOf(await buildReport(record, { value: async () => undefined, encode: encodeWithSharp }));
  expect(nothing).toContain("Accepted");
  expect(nothing).toContain("The transform is not at hand");
  expect(nothing).toContain("Held-out error 0.710 px");
  const damaged = textOf(
    await buildReport(record, {
      value: async () => {
        throw new DiagnosticError(problem("store-damaged", "The stored value has another digest"));
      },
      encode: encodeWithSharp,
    }),
  );
  expect(damaged).toContain("could not be read again: The stored value has another digest");
});

test("an image that turns out damaged costs its pictures and nothing else", async () => {
  const { record, access, values } = fakeRun();
  const broken = {
    ...memoryImage(new Uint8Array(64 * 64), pixelGrid(64, 64)),
    read: async () => {
      throw new DiagnosticError(problem("tiff-truncated", "The file ends early"));
    },
  };
  const matches = values.get("affine matches") as object;
  values.set("affine matches", { ...matches, images: { fixed: broken, moving: broken } });
  const text = textOf(await buildReport(record, access));
  expect(text).toContain("Pictures could not be made: The file ends early");
  expect(text).toContain("What the transform does");
});

test("a run over many items has a table of all, the worst first, and shows six in full", async () => {
  const items = Array.from({ length: 30 }, (_, i) => `tile_${i}`);
  const { record, access } = fakeRun({ items, points: 60 });
  const page = await buildReport(record, access);
  expect(textOf(page)).toContain("Of 30 registrations: 6 suspect, 24 accepted.");
  expect(page.match(/class="viewer"/g)).toHaveLength(6);
  const rows = [...page.matchAll(/pair\[tile_(\d+)\]\.affine(?:<\/a>)?<\/td><td data-value="(\d)"/g)].map((m) => m[2]);
  expect(rows).toHaveLength(30);
  expect(rows).toEqual([...rows].sort());
  expect(textOf(page)).toContain("30 items, computed");
});

test("a list of registrations that one step gives is told item by item", async () => {
  const { record, access, values } = fakeRun();
  const one = values.get("affine transform") as { verdict: object };
  values.set(
    "affine transform",
    new Map([
      ["slice_1", one],
      ["slice_2", { ...one, verdict: { ...one.verdict, status: "rejected" } }],
    ]),
  );
  const text = textOf(await buildReport(record, access));
  expect(text).toContain("2 registrations");
  expect(text.indexOf("affine · slice_2")).toBeLessThan(text.indexOf("affine · slice_1"));
});

test("pictures of pure noise, 5000 tie points and 600 tasks stay below five megabytes", async () => {
  const random = seededRandom(5);
  const side = 700;
  const noise = () => {
    const data = new Uint8Array(3 * side * side);
    for (let i = 0; i < data.length; i++) data[i] = random() * 256;
    return memoryImage(data, pixelGrid(side, side));
  };
  const items = Array.from({ length: 150 }, (_, i) => `a-rather-long-name-of-an-item-${i}`);
  const { record, access } = fakeRun({ fixed: noise(), moving: noise(), items, points: 5000 });
  const page = await buildReport(record, access);
  expect(Buffer.byteLength(page)).toBeLessThanOrEqual(mostBytes);
  expect(page.match(/class="viewer"/g)!.length).toBeGreaterThan(0);
});

test("what else was tried is told beside the result, with how far away it ended", async () => {
  const { record, access, values } = fakeRun();
  const one = values.get("affine transform") as { verdict: object };
  const candidates = [
    { method: "SIFT features", chosen: false, status: "rejected", metrics: {}, reason: "Only 5 agree.", distance: 31 },
    {
      method: "structure",
      chosen: true,
      status: "accepted",
      metrics: { "block-consistency": { value: 80, unit: "%" } },
    },
  ];
  values.set("affine transform", { ...one, verdict: { ...one.verdict, candidates } });
  const text = textOf(await buildReport(record, access));
  expect(text).toContain("SIFT features rejected 31 px Only 5 agree.");
  expect(text).toContain("structure , taken accepted 80 % of the blocks agree.");
});

test("a run without any registration is told as far as it goes", async () => {
  const { record, access } = fakeRun();
  const { verdict: _, ...rest } = record;
  const page = await buildReport({ ...rest, tasks: record.tasks.slice(0, 3) }, access);
  expect(textOf(page)).toContain("Finished The run came to its end. None of its steps gives a verdict");
});

test("no tie points, coincident ones and ones that are nowhere do not break the drawings", async () => {
  for (const points of [[], [5, 5], [5, 5, 5, 5, 5, 5], [Number.NaN, 1, 3, Number.POSITIVE_INFINITY]]) {
    const { record, access, values } = fakeRun({ points: 1 });
    const matches = values.get("affine matches") as object;
    const p = worldPoints(points);
    values.set("affine matches", {
      ...matches,
      fixed: p,
      moving: p,
      inlier: new Uint8Array(points.length / 2).fill(1),
    });
    const page = await buildReport(record, access);
    expect(page).not.toMatch(/[dxy]="[^"]*(NaN|Infinity|undefined)/);
  }
});
