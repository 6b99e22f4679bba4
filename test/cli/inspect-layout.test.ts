import { describe, expect, test } from "vitest";
import { blocks, workshop } from "./tiepoint.js";

const shop = workshop();
const { tiepoint } = shop;

/** Tiles of 120 x 100 px, 90 and 80 px apart. */
function tiles(rows: number, cols: number, name: (r: number, c: number) => string, without?: string): string[] {
  const out: string[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      if (name(r, c) === without) continue;
      out.push(name(r, c));
      shop.write(name(r, c), blocks(120, 100, 3, -90 * c, -80 * r));
    }
  }
  return out;
}
const named = (r: number, c: number) => `t/scan_r${r}_c${c}.pgm`;

describe("inspect of a mosaic", () => {
  test("tells the grid, its overlap and its size before anything is computed", () => {
    const { stdout, stderr, status } = tiepoint("inspect", ...tiles(2, 3, named));
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(stdout).toBe(`mosaic of 6 tiles  120 x 100 px  uint8  1 band (gray)  70 KiB
  places   by two numbers in the names: confirmed by 7 of 7 pairs
  grid     2 rows x 3 columns, overlap 30 px (25 %) along x, 20 px (20 %) along y
  mosaic   300 x 180 px, 53 KiB as uint8
  stage    the overlaps are 0 px (rms) from these places

  r0_c0  r0_c1  r0_c2
  r1_c0  r1_c1  r1_c2
`);
  });

  test("puts positions right, names holes, and gives the same as data", () => {
    const files = tiles(2, 3, named, named(1, 1));
    const lines = [0, 1].flatMap((r) => [0, 1, 2].map((c) => `scan_r${r}_c${c}.pgm; ; (${90 * c}, ${-80 * r})`));
    shop.write("t/TileConfiguration.txt", `dim = 2\n${lines.join("\n")}\n`);
    const { stdout } = tiepoint("inspect", ...files, "t/TileConfiguration.txt");
    expect(stdout).toContain("corrected by");
    expect(stdout).toContain("Y points up in the table of positions: it was flipped");
    expect(stdout).toContain("missing  row 1 col 1");
    expect(stdout).toMatch(/r1_c0 +\. +r1_c2/);
    // Tiles that the table names are found beside it.
    expect(tiepoint("inspect", "t/TileConfiguration.txt").stdout).toBe(
      tiepoint("inspect", ...files, "t/TileConfiguration.txt").stdout,
    );
    const [data] = JSON.parse(tiepoint("inspect", ...files, "t/TileConfiguration.txt", "--json").stdout);
    expect(data).toMatchObject({
      kind: "mosaic",
      ok: true,
      verdict: "accepted",
      metrics: { "missing-tiles": { value: 1 } },
    });
    expect(data.tiles[4]).toEqual({ file: "scan_r1_c2.pgm", x: 180, y: 80, row: 1, col: 2 });
  });

  test("says what keeps positions from being those of the tiles, and tells the files one by one", () => {
    const files = tiles(2, 2, named);
    shop.write("p.csv", "file,x,y\nother.tif,0,0\n");
    const { stdout, stderr, status } = tiepoint("inspect", ...files, "p.csv");
    expect(status).toBe(4);
    expect(stderr).toContain("error positions-of-others");
    expect(stdout).toContain("t/scan_r0_c0.pgm\n  image  120 x 100 px");
  });

  test("is no mosaic of unrelated files", () => {
    const files = ["alpha", "beta", "gamma", "delta"].map((n) => `${n}.pgm`);
    for (const [i, f] of files.entries()) shop.write(f, blocks(60, 40, i));
    expect(tiepoint("inspect", ...files).stdout).toMatch(/^alpha.pgm\n {2}image/);
  });
});

test("a file of tile positions alone is told as one", () => {
  shop.write("TileConfiguration.txt", "dim = 2\na.tif; ; (0, 0)\nb.tif; ; (450.5, -3)\n");
  expect(tiepoint("inspect", "TileConfiguration.txt").stdout).toBe(`TileConfiguration.txt
  table: positions of 2 tiles; columns file, x, y
    x  0 to 450.5
    y  -3 to 0
`);
});
