import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Image, seededRandom } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { roiFile, zipFile } from "../../../test/support/archive.js";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();
const image = { grid: { width: 9, height: 9, worldFromPixel: [2, 0, 10, 0, 2, 20], crs: "um" } } as unknown as Image;
type Told = Partial<Parameters<typeof plugin.run>[1]>;

const read = (content: string | Uint8Array, told: Told = {}, like?: Image, name = "p.csv") =>
  plugin.run(
    { file: files.put(name, content), sameGridAs: like },
    {
      image: undefined,
      format: "auto",
      units: "pixel",
      yAxis: "auto",
      imageHeight: undefined,
      individual: undefined,
      curves: false,
      ...told,
    },
    files.context(),
  );

/** Name and place of every point. */
const points = async (...args: Parameters<typeof read>) => {
  const outcome = await read(...args);
  if (!outcome.ok) return outcome.diagnostics.map((d) => d.code);
  const { points: xy, names, confidence } = outcome.value.points;
  return Array.from({ length: xy.length / 2 }, (_, i) => [
    names?.[i],
    xy[2 * i],
    xy[2 * i + 1],
    ...(confidence ? [confidence[i]] : []),
  ]);
};
const codes = async (...args: Parameters<typeof read>) => {
  const outcome = await read(...args);
  return (outcome.ok ? (outcome.notes ?? []) : outcome.diagnostics).map((d) => d.code);
};
const message = async (...args: Parameters<typeof read>) => {
  const outcome = await read(...args);
  return outcome.ok ? "read" : outcome.diagnostics[0]!.message;
};

describe("CSV", () => {
  test("pixel coordinates become world coordinates of the image", async () => {
    expect(await read('name,area,X,Y,confidence\nleft,3,1,2,0.5\n"a, b",4,,,\n', {}, image)).toMatchObject({
      ok: true,
      value: {
        points: {
          points: Float64Array.of(12, 24, Number.NaN, Number.NaN),
          names: ["left", "a, b"],
          confidence: Float64Array.of(0.5, 1),
        },
      },
    });
  });

  test("world coordinates are taken as they are", async () => {
    expect(await points("x;y\n1;2\n", { units: "world" }, image)).toEqual([[undefined, 1, 2]]);
  });

  test("comments may stand anywhere", async () => {
    expect(await points("# a\nx\ty\n1\t2\n# seen again, twice\n3\t4\n")).toEqual([
      [undefined, 1, 2],
      [undefined, 3, 4],
    ]);
  });

  test("a column of images parts the points", async () => {
    const text = "file,point,x,y\nm/a.jpg,tip,1,2\nm/b.jpg,tip,3,4\nm/a.jpg,end,5,6\n";
    expect(await points(text, { image: "a.jpg" })).toEqual([
      ["tip", 1, 2],
      ["end", 5, 6],
    ]);
    expect(await message(text)).toBe('The file has points of 2 images: "m/a.jpg", "m/b.jpg"');
  });

  test.each([
    ["a,b\n1,2\n", "no-such-column"],
    ["x\n1\n", "no-such-column"],
    ["x,y\n1,two\n", "not-a-number"],
    ["x,y,likelihood\n1,2,1.5\n", "confidence-out-of-range"],
    ["x,y\n1\n", "ragged-table"],
    ["", "empty-table"],
    ["image,name,x,y\na,b,1,2\na,b,3,4\n", "duplicate-name"],
    ['"Pt-0","true","1","2","3","4"\n"Pt-1","true","1","2","3","4"\n', "pairs-not-points"],
    ["mapX,mapY,pixelX,pixelY,enable\n1,2,3,-4,1\n", "pairs-not-points"],
    ["%PDF-1.4\n", "not-points"],
  ])("%j is refused with %s", async (text, code) => {
    expect(await codes(text)).toEqual([code]);
  });
});

describe("which image", () => {
  const text =
    "image,x,y\nlabeled-data/v1/img005.png,1,1\nlabeled-data/v2/img005.png,2,2\nC:\\lab\\Wing.JPG,3,3\nframe0012.tif,4,4\n";
  test.each([
    ["v1/img005.png", 1],
    ["labeled-data/v2/img005.png", 2],
    ["wing.jpg", 3],
    ["lab/Wing.JPG", 3],
    ["Wing.tif", 3],
    ["frame0012.tif", 4],
  ])("%s is found", async (name, x) => {
    expect(await points(text, { image: name })).toEqual([[undefined, x, x]]);
  });

  test("a name that is met in part only is told, one that may be two is refused, and so is one that is not there", async () => {
    expect(await codes(text, { image: "Wing.tif" })).toEqual(["image-by-part"]);
    expect(await message(text, { image: "img005.png" })).toContain("may be any of 2 images");
    expect(await message(text, { image: "img006.png" })).toContain('no points of "img006.png"');
  });
});

describe("DeepLabCut", () => {
  const single = "scorer,P,P,P,P\nbodyparts,snout,snout,tail,tail\ncoords,x,y,x,y\n";

  test("labels by one path a row; what was not labelled is missing", async () => {
    const text = `${single}labeled-data/m/img1.png,1,2,3,4\nlabeled-data\\m\\img2.png,5,6,,\n`;
    expect(await points(text, { image: "m/img2.png" })).toEqual([
      ["snout", 5, 6],
      ["tail", Number.NaN, Number.NaN],
    ]);
  });

  test("labels by three cells a row", async () => {
    const text =
      "scorer,,,P,P\nbodyparts,,,snout,snout\ncoords,,,x,y\nlabeled-data,m,img1.png,1,2\nlabeled-data,m,img2.png,3,4\n";
    expect(await points(text, { image: "img2.png" })).toEqual([["snout", 3, 4]]);
  });

  test("predictions by frame have a likelihood, which is confidence", async () => {
    const text = "scorer,D,D,D\nbodyparts,a,a,a\ncoords,x,y,likelihood\n0,1,2,0.5\n12,3,4,0.25\n";
    expect(await points(text, { image: "frame/0012.png" })).toEqual([["a", 3, 4, 0.25]]);
  });

  test("several animals keep their names, unless one is asked for", async () => {
    const text =
      "scorer,D,D,D,D,D,D\nindividuals,m1,m1,m2,m2,single,single\nbodyparts,a,a,a,a,c,c\ncoords,x,y,x,y,x,y\nimg.png,1,2,3,4,5,6\n";
    expect(await points(text)).toEqual([
      ["m1/a", 1, 2],
      ["m2/a", 3, 4],
      ["c", 5, 6],
    ]);
    expect(await points(text, { individual: "m2" })).toEqual([["a", 3, 4]]);
    expect(await codes(text, { individual: "m3" })).toEqual(["no-such-individual"]);
  });

  test.each([
    ["scorer,P,P\nbodyparts,a,a\n1.png,1,2\n", "deeplabcut-header"],
    ["scorer,P,P\nbodyparts,a,a\ncoords,x,z\n1.png,1,2\n", "deeplabcut-header"],
    ["scorer,P\nbodyparts,a\ncoords,x\n1.png,1\n", "deeplabcut-header"],
    ["scorer,P,P,P,P\nbodyparts,a,a,a,a\ncoords,x,y,x,y\n1.png,1,2,3,4\n", "duplicate-name"],
    [`${single}1.png,1,2,3,x\n`, "not-a-number"],
    [`${single}1.png,1,2\n`, "ragged-table"],
    ["scorer,D,D,D\nbodyparts,a,a,a\ncoords,x,y,likelihood\n0,1,2,7\n", "confidence-out-of-range"],
    [single, "no-points"],
  ])("%j is refused with %s", async (text, code) => {
    expect(await codes(text)).toEqual([code]);
  });
});

describe("tpsDig", () => {
  const text =
    "LM=3\n1 2\n3.5 4\nNA NA\nCURVES=1\nPOINTS=2\n5 6\n7 8\nIMAGE=a.jpg\nID=0\nSCALE=0.01\n\nlm=1\r\n9 1\r\nimage=C:\\x\\b.jpg\r\nid=1\r\n";

  test("y counts up from the bottom: the image's height turns it", async () => {
    expect(await points(text, { image: "b.jpg", imageHeight: 100 })).toEqual([["1", 9, 99]]);
    expect(await points(text, { image: "x/b.jpg" }, image)).toEqual([["1", 28, 36]]);
    expect(await points(text, { image: "b.jpg", yAxis: "down" })).toEqual([["1", 9, 1]]);
    expect(await points(text, { image: "1", imageHeight: 100 })).toEqual([["1", 9, 99]]);
  });

  test("without the height it is refused", async () => {
    expect(await codes(text, { image: "b.jpg" })).toEqual(["height-unknown"]);
  });

  test("curves are left out and told, or taken; NA is missing", async () => {
    expect(await codes(text, { image: "a.jpg", imageHeight: 10 })).toEqual(["curves-left-out"]);
    expect(await points(text, { image: "a.jpg", imageHeight: 10, curves: true })).toEqual([
      ["1", 1, 8],
      ["2", 3.5, 6],
      ["3", Number.NaN, Number.NaN],
      ["curve1-1", 5, 4],
      ["curve1-2", 7, 2],
    ]);
  });

  test("two negative coordinates are a point that was not placed", async () => {
    const told = { imageHeight: 10, yAxis: "up" } as const;
    expect(await points("LM=1\n-1 -1\nIMAGE=a\n", told)).toEqual([["1", Number.NaN, Number.NaN]]);
    expect(await codes("LM=1\n-1 -1\nIMAGE=a\n", told)).toEqual(["negative-is-missing"]);
  });

  test.each([
    ["LM=2\n1 2\nIMAGE=a\n", "two numbers, point 2 of 2 in line 3"],
    ["LM=1\n1 2\n3 4\n", "in line 3"],
    ["LM=1\n1,5 2,5\n", "in line 2"],
    ["LM=x\n", "in line 1"],
    ["LM3=1\n1 2 3\n", "points of a plane"],
    ["LM=9999999\n", "at most 5000000 points"],
  ])("%j is refused: %s", async (content, words) => {
    expect(await message(content, { imageHeight: 10 })).toContain(words);
  });
});

describe("dlib", () => {
  const xml = (body: string) =>
    `<?xml version='1.0' encoding='ISO-8859-1'?>\n<?xml-stylesheet type='text/xsl' href='x.xsl'?>\n<dataset>\n<name>w &amp; w</name>\n<images>\n${body}</images>\n</dataset>\n`;
  const part = (name: string, x: number, y: number) => `<part name='${name}' x='${x}' y='${y}'/>`;
  const box = (body: string) => `<box top='1' left='2' width='3' height='4'><label>é</label>${body}</box>`;

  test("parts keep their names, whatever their order", async () => {
    const text = xml(
      `<!-- <image> --><image file='a\\1.jpg'>${box(part("10", 5, 6) + part("2", 7, 8))}</image>\n<image file="b.jpg"/>\n`,
    );
    expect(await points(Buffer.from(text, "latin1"), { image: "a/1.jpg" }, undefined, "p.xml")).toEqual([
      ["10", 5, 6],
      ["2", 7, 8],
    ]);
    expect(await points(text, { image: "b.jpg" })).toEqual([]);
  });

  test("several boxes are told apart", async () => {
    const text = xml(`<image file='a'>${box(part("&#x41;", 5, 6))}${box(part("A", 7, 8))}</image>`);
    expect(await points(text)).toEqual([
      ["box1/A", 5, 6],
      ["box2/A", 7, 8],
    ]);
  });

  test.each([
    [xml(`<image file='a'>${box(part("1", 1, 2) + part("1", 3, 4))}</image>`), "duplicate-name"],
    [xml("<image>"), "bad-dlib"],
    [xml(`<image file='a'>${part("1", 1, 2)}</image>`), "bad-dlib"],
    [xml(`<image file='a'>${box("<part name='1' x='1'/>")}</image>`), "bad-dlib"],
    [xml(`<image file='a'>${box("<part name='1' x='1' y='1e999'/>")}</image>`), "bad-dlib"],
    ["<html><body/></html>", "bad-dlib"],
    [xml("<image file='a'>"), "bad-xml"],
    ["<dataset", "bad-xml"],
    ["<dataset><!-- ", "bad-xml"],
    ["<dataset a='&b;'/>", "bad-xml"],
    [`${"<a>".repeat(100)}`, "bad-dlib"],
    [`<dataset>${"<a>".repeat(100)}`, "bad-xml"],
    ["<dataset/>", "no-points"],
    ['<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><dataset><name>&b;</name></dataset>', "bad-xml"],
    ['<!DOCTYPE d SYSTEM "file:///etc/passwd"><dataset/>', "bad-xml"],
  ])("%j is refused with %s", async (text, code) => {
    expect(await codes(text)).toEqual([code]);
  });
});

describe("ImageJ", () => {
  test("a multi-point selection: integers are centres of pixels, and so are the whole numbers of fine coordinates", async () => {
    const xy = [
      [3, 4],
      [10, 2],
    ] as const;
    const expected = xy.map(([x, y]) => [undefined, x, y]);
    expect(await points(roiFile(xy), {}, undefined, "a.roi")).toEqual(expected);
    expect(await points(roiFile(xy, { version: 217 }))).toEqual(expected);
    expect(await points(roiFile(xy, { fine: true, name: "x" }))).toEqual(expected);
    expect(await points(roiFile([[-3.25, 7.5]], { fine: true }))).toEqual([[undefined, -3.25, 7.5]]);
  });

  test("a set of the ROI Manager: names of the selections, but not those that ImageJ makes up", async () => {
    const set = zipFile({
      "tip.roi": roiFile([[1, 2]], { name: "tip" }),
      "base.roi": roiFile([[3, 4]], { name: "base é" }),
      "vein.roi": roiFile([
        [5, 6],
        [7, 8],
      ]),
      "box.roi": roiFile([[9, 9]], { type: 1 }),
      "readme.txt": Buffer.from("x"),
    });
    expect(await points(set, {}, undefined, "RoiSet.zip")).toEqual([
      ["tip", 1, 2],
      ["base é", 3, 4],
      ["vein/1", 5, 6],
      ["vein/2", 7, 8],
    ]);
    expect(await codes(set)).toEqual(["other-selections"]);
    const unnamed = zipFile({ "0002-0001.roi": roiFile([[1, 2]]), "b.roi": roiFile([[3, 4]], { name: "0004-0003" }) });
    expect(await points(unnamed)).toEqual([
      [undefined, 1, 2],
      [undefined, 3, 4],
    ]);
    expect(await codes(unnamed)).toEqual(["points-without-names"]);
  });

  test.each<[string, Uint8Array, string]>([
    ["a rectangle", roiFile([[1, 2]], { type: 1 }), "not-points"],
    ["a selection cut short", roiFile([[1, 2]]).subarray(0, 66), "bad-roi"],
    ["a head cut short", roiFile([[1, 2]]).subarray(0, 20), "bad-roi"],
    ["a number that is none", roiFile([[Number.NaN, 2]], { fine: true }), "bad-roi"],
    [
      "two of one name",
      zipFile({ "a.roi": roiFile([[1, 2]], { name: "a" }), "b.roi": roiFile([[1, 2]], { name: "a" }) }),
      "duplicate-name",
    ],
    ["no selection", zipFile({ "a.txt": Buffer.from("x") }), "not-points"],
    ["an archive cut short", zipFile({ "a.roi": roiFile([[1, 2]]) }).subarray(0, 90), "bad-zip"],
    ["an archive that unpacks to more than it says", zipFile({ "a.roi": Buffer.alloc(1e6) }, 1000), "bad-zip"],
    ["an archive that says a gigabyte", zipFile({ "a.roi": Buffer.alloc(10) }, 1e9), "zip-too-large"],
  ])("%s is refused", async (_, bytes, code) => {
    expect(await codes(bytes)).toEqual([code]);
  });
});

describe("damaged files end in points or a message", () => {
  const whole: readonly (readonly [string, Uint8Array])[] = [
    ["csv", Buffer.from('image,name,x,y,confidence\na,"p",1,2,0.5\nb,q,3,4,1\n')],
    [
      "deeplabcut",
      Buffer.from(
        "scorer,,,P,P,P\nindividuals,,,m,m,m\nbodyparts,,,a,a,a\ncoords,,,x,y,likelihood\nl,v,i.png,1,2,0.5\n",
      ),
    ],
    ["tps", Buffer.from("LM=2\n1 2\n3 4\nCURVES=1\nPOINTS=1\n1 2\nIMAGE=a\nID=0\n")],
    [
      "dlib",
      Buffer.from(
        "<?xml version='1.0'?><dataset><images><image file='a'><box><part name='&lt;' x='1' y='2'/></box></image></images></dataset>",
      ),
    ],
    [
      "imagej",
      roiFile(
        [
          [1, 2],
          [3, 4],
        ],
        { fine: true, name: "ab" },
      ),
    ],
    ["imagej", zipFile({ "a.roi": roiFile([[1, 2]], { name: "a" }) })],
  ];
  const cases = whole.flatMap(([format, bytes]) => [1, 2, 3].map((seed) => [format, seed, bytes] as const));
  test.each(cases)("%s (seed %i)", async (format, seed, bytes) => {
    const random = seededRandom(seed);
    for (let round = 0; round < 24; round++) {
      const damaged = Uint8Array.from(
        bytes.subarray(0, round % 2 ? bytes.length : Math.floor(random() * bytes.length)),
      );
      for (let k = 0; k < 1 + (round % 4) && damaged.length > 0; k++) {
        damaged[Math.floor(random() * damaged.length)]! ^= 1 << Math.floor(8 * random());
      }
      const outcome = await read(damaged, { format: format as "csv", imageHeight: 100, image: "a" });
      if (outcome.ok) expect(outcome.value.points.points.length).toBeLessThan(100);
      else expect(outcome.diagnostics[0]!.message).not.toContain("Internal");
    }
  });
});

const shared = fileURLToPath(new URL("../../../../shared/data/landmarks-fly-wing/", import.meta.url));
test.skipIf(!existsSync(`${shared}landmarks.tps`))(
  "40 real wings: the TPS file says what the table says (skipped where ../shared/data is absent)",
  async () => {
    const [tps, csv] = ["landmarks.tps", "points.csv"].map((f) => readFileSync(shared + f));
    for (const name of ["63001.jpg", "63033.jpg", "63070.jpg"]) {
      const told = { image: `images/${name}` };
      const flipped = await points(tps!, { ...told, imageHeight: 480 }, undefined, "w.tps");
      expect(flipped).toEqual(await points(csv!, told));
      expect(flipped).toHaveLength(12);
    }
  },
);
