import { expect, test } from "vitest";
import { load } from "../../test/support/load.js";
import { renderAll } from "./render.js";

const pair = `tiepoint: 1
name: he-on-fluorescence
params:
  inlier-distance: 3 px
inputs:
  fixed:  data/fluorescence.ome.tif
  moving: data/he.tif
  cells:  { file: data/he_cells.png, kind: labels, same-grid-as: moving }
steps:
  fixed-gray:  { use: preprocess/gray, in: fixed }
  moving-gray: { use: preprocess/gray, in: moving, invert: true }
  matches:
    use: match/sift
    fixed: fixed-gray
    moving: moving-gray
    max-keypoints: 5000
  affine:
    use: estimate/affine
    matches: matches
    inlier-distance: \${inlier-distance}
    require: { inliers: ">= 20", held-out-rmse: "<= 2 px" }
  aligned:       { use: warp, in: moving, transform: affine, like: fixed, interpolation: cubic }
  aligned-cells: { use: warp, in: cells,  transform: affine, like: fixed }
outputs:
  results/he_aligned.tif:    aligned
  results/cells_aligned.png: aligned-cells
  results/affine.json:       affine
  results/report.html:       report
`;

test("the main example becomes tasks in order", async () => {
  const loaded = await load(pair);
  expect(loaded.ok ? "" : renderAll(loaded.diagnostics, loaded.texts)).toBe("");
  if (!loaded.ok) return;
  expect(loaded.value.tasks.map((t) => t.id)).toMatchInlineSnapshot(`
    [
      "input:fixed",
      "input:moving",
      "input:cells",
      "fixed-gray",
      "moving-gray",
      "matches",
      "affine",
      "aligned",
      "aligned-cells",
      "output:results/he_aligned.tif",
      "output:results/cells_aligned.png",
      "output:results/affine.json",
    ]
  `);
  expect(loaded.value.tasks.find((t) => t.id === "affine")).toMatchInlineSnapshot(`
    {
      "at": {
        "file": "/data/p.yaml",
        "length": 6,
        "offset": 436,
      },
      "gates": [
        {
          "at": {
            "file": "/data/p.yaml",
            "length": 7,
            "offset": 554,
          },
          "comparison": ">= 20",
          "metric": "inliers",
          "operator": ">=",
          "value": 20,
        },
        {
          "at": {
            "file": "/data/p.yaml",
            "length": 9,
            "offset": 578,
          },
          "comparison": "<= 2 px",
          "metric": "held-out-rmse",
          "operator": "<=",
          "unit": "px",
          "value": 2,
        },
        {
          "at": {
            "file": "/data/p.yaml",
            "length": 6,
            "offset": 436,
          },
          "comparison": ">= accepted",
          "metric": "verdict",
          "operator": ">=",
          "value": "accepted",
        },
      ],
      "id": "affine",
      "inputs": {
        "matches": {
          "port": "matches",
          "task": 5,
        },
      },
      "keep": false,
      "onFail": "stop",
      "origins": {
        "inlier-distance": "pipeline",
      },
      "outputs": {
        "transform": "transform",
      },
      "params": {
        "inlier-distance": "3 px",
      },
      "plugin": "estimate/affine",
      "seed": 1,
      "step": "affine",
      "version": "1",
    }
  `);
  expect(loaded.value.tasks.find((t) => t.id === "input:cells")).toMatchInlineSnapshot(`
    {
      "at": {
        "file": "/data/p.yaml",
        "length": 5,
        "offset": 137,
      },
      "files": {
        "file": "/data/data/he_cells.png",
      },
      "gates": [],
      "id": "input:cells",
      "inputs": {
        "sameGridAs": {
          "port": "image",
          "task": 1,
        },
      },
      "keep": false,
      "onFail": "stop",
      "origins": {
        "kind": "pipeline",
      },
      "outputs": {
        "image": "image",
      },
      "params": {
        "kind": "labels",
      },
      "plugin": "read/raster",
      "seed": 1,
      "step": "input:cells",
      "version": "1",
    }
  `);
  expect(loaded.value.report).toEqual({ path: "/data/results/report.html", name: "results/report.html" });
});

test("tiles, pairs and a mosaic", async () => {
  const loaded = await load(
    `tiepoint: 1
inputs:
  tiles: { all: "raw/tile_{row:02}_{col:02}.tif", expect: 4 }
steps:
  tile:
    each: tiles
    steps:
      flat: { use: preprocess/gray, in: tile }
  pair:
    each: { neighbours: tile.flat }
    on-fail: skip
    steps:
      shift: { use: match/phase-correlation, fixed: pair.a, moving: pair.b }
  layout: { use: stitch/align, shifts: pair.shift, tiles: tile.flat }
  mosaic: { use: stitch/fuse, tiles: tile.flat, layout: layout }
outputs:
  m.ome.tif: mosaic
  "flat/{tile.id}_{row}.tif": tile.flat
`,
    { files: Object.fromEntries([0, 1].flatMap((r) => [0, 1].map((c) => [`/data/raw/tile_0${r}_0${c}.tif`, ""]))) },
  );
  expect(loaded.ok ? "" : renderAll(loaded.diagnostics, loaded.texts)).toBe("");
  if (!loaded.ok) return;
  expect(loaded.value.tasks.map((t) => `${t.id} ${t.onFail} ${JSON.stringify(t.inputs)}`)).toMatchInlineSnapshot(`
    [
      "input:tiles[r0c0] stop {}",
      "input:tiles[r0c1] stop {}",
      "input:tiles[r1c0] stop {}",
      "input:tiles[r1c1] stop {}",
      "tile[r0c0].flat stop {"in":{"task":0,"port":"image"}}",
      "tile[r0c1].flat stop {"in":{"task":1,"port":"image"}}",
      "tile[r1c0].flat stop {"in":{"task":2,"port":"image"}}",
      "tile[r1c1].flat stop {"in":{"task":3,"port":"image"}}",
      "pair[r0c0~r0c1].shift skip {"fixed":{"task":4,"port":"image"},"moving":{"task":5,"port":"image"}}",
      "pair[r0c0~r1c0].shift skip {"fixed":{"task":4,"port":"image"},"moving":{"task":6,"port":"image"}}",
      "pair[r0c1~r1c1].shift skip {"fixed":{"task":5,"port":"image"},"moving":{"task":7,"port":"image"}}",
      "pair[r1c0~r1c1].shift skip {"fixed":{"task":6,"port":"image"},"moving":{"task":7,"port":"image"}}",
      "layout stop {"shifts":{"items":[["r0c0~r0c1",{"task":8,"port":"transform"}],["r0c0~r1c0",{"task":9,"port":"transform"}],["r0c1~r1c1",{"task":10,"port":"transform"}],["r1c0~r1c1",{"task":11,"port":"transform"}]]},"tiles":{"items":[["r0c0",{"task":4,"port":"image"}],["r0c1",{"task":5,"port":"image"}],["r1c0",{"task":6,"port":"image"}],["r1c1",{"task":7,"port":"image"}]]}}",
      "mosaic stop {"tiles":{"items":[["r0c0",{"task":4,"port":"image"}],["r0c1",{"task":5,"port":"image"}],["r1c0",{"task":6,"port":"image"}],["r1c1",{"task":7,"port":"image"}]]},"layout":{"task":12,"port":"layout"}}",
      "output:m.ome.tif stop {"image":{"task":13,"port":"mosaic"}}",
      "output:flat/r0c0_00.tif stop {"image":{"task":4,"port":"image"}}",
      "output:flat/r0c1_00.tif stop {"image":{"task":5,"port":"image"}}",
      "output:flat/r1c0_01.tif stop {"image":{"task":6,"port":"image"}}",
      "output:flat/r1c1_01.tif stop {"image":{"task":7,"port":"image"}}",
    ]
  `);
});
