import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildReport } from "../src/report/report.js";
import { fakeRun } from "./support/fake-run.js";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"];

/** A browser that starts here at all. */
const browser = ["chromium", "chromium-browser", "google-chrome"].find((name) =>
  spawnSync(name, [...flags, "--dump-dom", "about:blank"], { encoding: "utf8", timeout: 30_000 }).stdout?.includes(
    "<body",
  ),
);

/** The page as a browser makes it, and what its console said. */
function open(folder: string, page: string): { dom: string; console: string[] } {
  const file = join(folder, "report.html");
  writeFileSync(file, page);
  const done = spawnSync(
    browser!,
    [
      ...flags,
      `--user-data-dir=${join(folder, "profile")}`,
      "--enable-logging=stderr",
      "--virtual-time-budget=8000",
      "--dump-dom",
      pathToFileURL(file).href,
    ],
    { encoding: "utf8", timeout: 90_000, maxBuffer: 64e6 },
  );
  return { dom: done.stdout, console: done.stderr.split("\n").filter((line) => line.includes("CONSOLE")) };
}

/** The browser's virtual time may be up before pictures, which it unpacks in real time, are there: then the page is opened anew. */
const racing = { retry: 5 };

describe.skipIf(!browser)("in a browser (skipped where no Chromium starts)", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tiepoint-report-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("the viewer starts from a file, draws, and nothing complains", racing, async () => {
    const { record, access } = fakeRun();
    const { dom, console } = open(folder, await buildReport(record, access));
    expect(console).toEqual([]);
    expect(dom).toContain('data-ready="yes"');
    expect(dom).toContain("Gray, black and white: they agree.");
  });

  test("scripts in names do not run", racing, async () => {
    const evil = `</title><script>document.title="owned"</script><img src=x onerror="document.title='owned'">`;
    const { record, access } = fakeRun({ name: evil, file: evil });
    const { dom, console } = open(folder, await buildReport({ ...record, tiepoint: evil }, access));
    expect(console).toEqual([]);
    expect(/<title>([^<]*)<\/title>/.exec(dom)![1]).not.toBe("owned");
    expect(dom).toContain('data-ready="yes"');
  });
});
