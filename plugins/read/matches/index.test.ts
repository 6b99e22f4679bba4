import { type Image, seededRandom } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import plugin from "./index.js";

const files = temporaryFolder();
const image = (scale: number) =>
  ({ grid: { width: 9, height: 9, worldFromPixel: [scale, 0, 1, 0, scale, 0], crs: "um" } }) as unknown as Image;
const header = "fixed_x,fixed_y,moving_x,moving_y";

type Told = Partial<Parameters<typeof plugin.run>[1]>;
const read = (text: string, fixed?: Image, moving?: Image, told: Told = {}) =>
  plugin.run(
    { file: files.put("m.csv", text), fixed, moving },
    { format: "auto", byHand: false, units: "pixel", ...told },
    files.context(),
  );
const pairs = async (...args: Parameters<typeof read>) => {
  const outcome = await read(...args);
  if (!outcome.ok) return outcome.diagnostics.map((d) => d.code);
  const { fixed, moving, names } = outcome.value.matches;
  const notes = (outcome.notes ?? []).map((d) => d.code);
  return { fixed: [...fixed], moving: [...moving], names, ...(notes.length > 0 ? { notes } : {}) };
};

test("tie points come in the world of each image", async () => {
  const [fixed, moving] = [image(2), image(3)];
  const outcome = await read(`${header},weight,inlier,residual\n1,2,3,4,0.5,1,9\n5,6,7,8,1,0,\n`, fixed, moving);
  expect(outcome).toEqual({
    ok: true,
    value: {
      matches: {
        fixed: Float64Array.of(3, 4, 11, 12),
        moving: Float64Array.of(10, 12, 22, 24),
        weight: Float64Array.of(0.5, 1),
        inlier: Uint8Array.of(1, 0),
        images: { fixed, moving },
      },
    },
    notes: [],
  });
});

test("empty weights and inliers count as not given", async () => {
  expect(await read(`${header},weight,inlier\n1,2,3,4,,\n`)).toEqual({
    ok: true,
    value: { matches: { fixed: Float64Array.of(1, 2), moving: Float64Array.of(3, 4) } },
    notes: [],
  });
});

test.each([
  ["x,y\n1,2\n", "no-such-column"],
  [`${header}\n1,2,3,\n`, "not-a-number"],
  [`${header},weight\n1,2,3,4,2\n`, "out-of-range"],
  [`${header},inlier\n1,2,3,4,0.5\n`, "out-of-range"],
])("%j is refused with %s", async (text, code) => {
  expect(await read(text)).toMatchObject({ ok: false, diagnostics: [{ code }] });
});

test("pairs with names, and pairs that someone set, count as evidence by themselves", async () => {
  expect(await pairs(`name,${header}\ntip,1,2,3,4\n`)).toEqual({ fixed: [1, 2], moving: [3, 4], names: ["tip"] });
  expect(await pairs(`${header}\n1,2,3,4\n`, undefined, undefined, { byHand: true })).toMatchObject({ names: ["1"] });
  expect(await pairs(`name,${header}\na,1,2,3,4\na,1,2,3,4\n`)).toEqual(["duplicate-name"]);
});

describe("BigWarp", () => {
  const csv =
    '"Pt-0","true","2.0","4.0","6.0","8.0"\n"Pt-1","false","1","1","1","1"\n"Pt-2","true","Infinity","Infinity","1","1"\n';
  const notes = ["inactive-left-out", "half-placed"];

  test("the moving point stands first; numbers are lengths from the centre of the first pixel", async () => {
    expect(await pairs(csv)).toEqual({ fixed: [6, 8], moving: [2, 4], names: ["Pt-0"], notes });
    // Pixel 3, 4 of an image whose pixels are 2 wide and whose first lies at 1, 0.
    expect(await pairs(csv, image(2), image(2))).toEqual({ fixed: [7, 8], moving: [3, 4], names: ["Pt-0"], notes });
  });

  test("JSON says the same, alone or beside a transform", async () => {
    const landmarks = {
      type: "BigWarpLandmarks",
      numDimensions: 2,
      movingPoints: [
        [2, 4],
        [1, 1],
        ["Infinity", "Infinity"],
      ],
      fixedPoints: [
        [6, 8],
        [1, 1],
        [1, 1],
      ],
      active: [true, false, true],
      names: ["Pt-0", "Pt-1", "Pt-2"],
    };
    const expected = { fixed: [6, 8], moving: [2, 4], names: ["Pt-0"], notes };
    expect(await pairs(JSON.stringify(landmarks))).toEqual(expected);
    expect(await pairs(JSON.stringify({ type: "Affine", landmarks }))).toEqual(expected);
  });

  test.each([
    ['"Pt-0","true","1","2","3","4"\n"Pt-1","true","1","2","3"\n', "ragged-table"],
    ['"Pt-0","true","1","2","0","3","4","0"\n', "bad-bigwarp"],
    ['"Pt-0","true","1","x","3","4"\n', "bad-bigwarp"],
    ['"a","true","1","2","3","4"\n"a","true","5","6","7","8"\n', "duplicate-name"],
    ['{"movingPoints":[[1,2]],"fixedPoints":[]}', "bad-bigwarp"],
    ['{"movingPoints":[[1,2,3]],"fixedPoints":[[1,2,3]]}', "bad-bigwarp"],
    ['{"numDimensions":3,"movingPoints":[],"fixedPoints":[]}', "bad-bigwarp"],
    ['{"format":"tiepoint/transform"}', "bad-bigwarp"],
    ["{", "not-json"],
    ["[[[[", "not-json"],
  ])("%j is refused with %s", async (text, code) => {
    expect(await pairs(text)).toEqual([code]);
  });
});

describe("QGIS", () => {
  const rows =
    "mapX,mapY,sourceX,sourceY,enable,dX,dY,residual\n500000,4000000,10.5,-20.5,1,0,0,0\n500010,4000000,20,-20,0,0,0,0\n";
  const point = { fixed: [500000, 4000000], moving: [10, 20], names: ["1"] };

  test("y of the image counts up from its top edge, corners are whole numbers, the map is the world", async () => {
    expect(await pairs(`#CRS: EPSG:32633\n${rows}`)).toEqual({ ...point, notes: ["inactive-left-out"] });
    expect(await pairs(rows, undefined, image(2))).toMatchObject({ fixed: point.fixed, moving: [21, 40] });
  });

  test("older headers, a header that is missing, and a column more", async () => {
    expect(await pairs("mapX,mapY,pixelX,pixelY,enable\n500000,4000000,10.5,-20.5,1\n")).toEqual(point);
    expect(await pairs("500000,4000000,10.5,-20.5\n")).toEqual(point);
    expect(await pairs("500000\t4000000\t10.5\t-20.5\t1\n")).toEqual(point);
    const wkt =
      'mapX,mapY,sourceX,sourceY,enable,dX,dY,residual,crs\n500000,4000000,10.5,-20.5,1,0,0,0,"PROJCS[""x"",1]"\n';
    expect(await pairs(wkt)).toEqual(point);
  });

  test("an image that has a place is counted in it when that is said", async () => {
    const text = "mapX,mapY,sourceX,sourceY,enable\n1,2,3,4,1\n";
    expect(await pairs(text)).toEqual(["positive-source-y"]);
    expect(await pairs(text, undefined, image(2), { units: "world" })).toEqual({
      fixed: [1, 2],
      moving: [3, 4],
      names: ["1"],
    });
  });
});

test("landmarks of bUnwarpJ: the target stays, the source moves", async () => {
  expect(await pairs("Index\txSource\tySource\txTarget\tyTarget\n0\t1\t2\t3\t4\n")).toEqual({
    fixed: [3, 4],
    moving: [1, 2],
    names: ["1"],
  });
});

test("damaged files end in pairs or a message", async () => {
  const whole = [
    `name,${header},weight\na,1,2,3,4,1\n`,
    '"Pt-0","true","2.0","4.0","6.0","8.0"\n',
    '{"type":"BigWarpLandmarks","movingPoints":[[1,2]],"fixedPoints":[[3,4]],"names":["a"]}',
    "#CRS: x\nmapX,mapY,sourceX,sourceY,enable\n1,2,3,-4,1\n",
  ];
  const random = seededRandom(1);
  for (let round = 0; round < 120; round++) {
    const bytes = Buffer.from(whole[round % 4]!).subarray(0, round % 3 ? undefined : Math.floor(40 * random()));
    if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(8 * random());
    const outcome = await read(bytes.toString("latin1"));
    if (!outcome.ok) expect(outcome.diagnostics[0]!.message).not.toMatch(/Internal|undefined/);
  }
});
