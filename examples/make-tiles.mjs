// Makes a grid of microscope tiles with known places, as the example tile-grid needs them:
//   node examples/make-tiles.mjs FOLDER [ROWS] [COLUMNS] [TILE] [SEED]
// FOLDER/tiles/tile_rRR_cCC.png, FOLDER/TileConfiguration.txt as the stage says, and the truth in FOLDER/truth.csv.
// Needs the project to be built (`npm run build`). Same numbers: same pixels, on every machine.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { writePng } from "./make-sample.mjs";

export async function makeTiles(folder, options = {}) {
  const { sampleTiles } = await import("../dist/src/samples/tile-grid.js");
  mkdirSync(join(folder, "tiles"), { recursive: true });
  const layout = ["dim = 2"];
  const truth = ["file,row,col,nominal_x,nominal_y,true_x,true_y"];
  const tiles = sampleTiles(options);
  for (const tile of tiles) {
    const file = `${tile.name}.png`;
    await writePng(tile.image, join(folder, "tiles", file));
    const places = [...tile.nominal, ...tile.true].map((v) => v.toFixed(4));
    layout.push(`${file}; ; (${places[0]}, ${places[1]})`);
    truth.push([file, tile.row, tile.column, ...places].join(","));
  }
  writeFileSync(join(folder, "TileConfiguration.txt"), `${layout.join("\n")}\n`);
  writeFileSync(join(folder, "truth.csv"), `${truth.join("\n")}\n`);
  return tiles;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...numbers] = argv.slice(2);
  if (!folder) {
    console.error("usage: node examples/make-tiles.mjs FOLDER [ROWS] [COLUMNS] [TILE] [SEED]");
    exit(2);
  }
  const names = ["rows", "columns", "tile", "seed"];
  const given = names.map((name, i) => [name, Number(numbers[i])]).filter(([, value]) => value > 0);
  const tiles = await makeTiles(folder, Object.fromEntries(given));
  console.log(
    `${folder}: ${tiles.length} tiles, the stage's positions in TileConfiguration.txt, the truth in truth.csv`,
  );
}
