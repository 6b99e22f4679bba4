import { type Diagnostic, DiagnosticError, failed, problem, warning } from "../../core/diagnostic.js";
import type { Image } from "../../core/image.js";
import type { Context, Outcome } from "../../core/plugin.js";
import type { Metrics } from "../../core/verdict.js";
import { filterImage } from "../lazy.js";
import { mostCommon } from "../most-common.js";
import { errorByDark, estimateLight, type LightEstimate } from "./estimate.js";
import { constantImage, flatImage } from "./light-images.js";
import { samplePlaces, sampleTile, type TileSamples } from "./tile-samples.js";

/** Tiles that are looked at, at most, spread evenly over all. */
const TILES_MAX = 256;
/** With fewer tiles what they show cannot be told from light. */
const TILES_MIN = 6;

type FlatField = Outcome<{ readonly flat: "image"; readonly dark: "image" }>;

/**
 * Flat field and dark signal of tiles that one microscope took: see `estimateLight`.
 *
 * Tiles are read one after another, in strips; samples of at most `TILES_MAX` tiles are held, some 16 MB for each band.
 *
 * @param given  the dark signal where it is known, as an image of a tile's size or as a number
 */
export async function estimateFlatField(
  tiles: ReadonlyMap<string, Image>,
  given: { readonly dark?: Image | undefined; readonly darkLevel?: number | undefined },
  context: Context,
): Promise<FlatField> {
  const all = [...tiles.values()];
  const first = all[mostCommon(all.map(sizeWords))];
  if (!first) return failed(problem("no-images", "Expected one tile or more, but found none"));
  const unlike = [...tiles, ...(given.dark ? [["dark", given.dark] as const] : [])].flatMap(([id, tile]) =>
    differs(id, tile, first),
  );
  if (unlike.length > 0) return failed(...unlike.slice(0, 5));

  const { samples, notes } = await samplesOf(tiles, given.dark, context);
  const { grid, bands: names } = first;
  const lit = names.map((name, band): LightEstimate | undefined =>
    name.toLowerCase() === "alpha" || samples.tileCount < TILES_MIN
      ? undefined
      : estimateLight(samples, band, grid, given.dark ? 0 : given.darkLevel),
  );
  const none: LightEstimate = {
    terms: [],
    dark: { value: given.darkLevel ?? 0, error: Number.POSITIVE_INFINITY },
    error: Number.POSITIVE_INFINITY,
    unevenness: [0, 0],
  };
  const found = lit.map((light) => light ?? none);
  const flat = flatImage(found, grid, names);
  const levels = found.map((light) => light.dark.value);
  const dark = given.dark
    ? filterImage(given.dark, { halo: 0, dtype: "float32" }, (_arena, plane) => plane)
    : constantImage(levels, grid, names);
  return {
    ok: true,
    value: { flat, dark },
    metrics: metricsOf(found, samples.tileCount, given.dark === undefined),
    notes: [...notes, ...remarks(found, samples.tileCount, given.dark !== undefined || given.darkLevel !== undefined)],
  };
}

const sizeWords = ({ grid, bands }: Image): string =>
  `${grid.width} x ${grid.height} px in ${bands.length} band${bands.length === 1 ? "" : "s"}`;

function differs(id: string, tile: Image, first: Image): Diagnostic[] {
  if (sizeWords(tile) === sizeWords(first)) return [];
  return [
    problem(
      "grid-size-differs",
      `Expected ${sizeWords(first)} for ${id}, as most tiles have, but it has ${sizeWords(tile)}`,
      "One flat field holds for tiles that one camera took in one mode: leave others out.",
    ),
  ];
}

async function samplesOf(
  tiles: ReadonlyMap<string, Image>,
  dark: Image | undefined,
  { signal, progress }: Context,
): Promise<{ readonly samples: TileSamples; readonly notes: readonly Diagnostic[] }> {
  const all = [...tiles];
  const looked = Math.min(TILES_MAX, all.length);
  const chosen = Array.from({ length: looked }, (_, k) => all[Math.floor(((k + 0.5) * all.length) / looked)]!);
  const { grid, bands } = all[0]![1];
  const places = samplePlaces(grid.width, grid.height, looked);
  const size = places.across.picks.length * places.down.picks.length;
  const room = (count: number) => bands.map(() => new Float32Array(count * size).fill(Number.NaN));
  const part = (of: readonly Float32Array[], k: number) => of.map((band) => band.subarray(k * size, (k + 1) * size));
  const unlit = room(dark ? 1 : 0);
  if (dark) await sampleTile(dark, places, unlit, room(1), signal);
  const values = room(looked);
  const rough = room(looked);
  const notes: Diagnostic[] = [];
  const skip = (id: string, why: string) =>
    notes.push(warning("tile-without-light", `${id} tells nothing of the light: ${why}`));
  let count = 0;
  for (const [k, [id, tile]] of chosen.entries()) {
    signal.throwIfAborted();
    const here = part(values, count);
    try {
      await sampleTile(tile, places, here, part(rough, count), signal);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      skip(id, error.diagnostics[0]?.message ?? "it cannot be read");
      continue;
    }
    if (here.every(isBlank)) skip(id, "it has one value everywhere");
    else {
      if (dark) for (const [b, band] of here.entries()) band.set(band.map((v, i) => v - unlit[b]![i]!));
      count++;
    }
    progress(((k + 1) / looked) * 0.8);
  }
  const kept = (of: readonly Float32Array[]) => of.map((band) => band.subarray(0, count * size));
  const samples = {
    ...{ x: places.across.centres, y: places.down.centres, tileCount: count },
    ...{ bands: kept(values), rough: kept(rough) },
  };
  return { samples, notes: notes.slice(0, 5) };
}

function isBlank(values: Float32Array): boolean {
  const first = values.find((v) => !Number.isNaN(v));
  return values.every((v) => Number.isNaN(v) || v === first);
}

/** Of several bands, the worst figures. */
function metricsOf(bands: readonly LightEstimate[], tiles: number, told: boolean): Metrics {
  const percent = (value: number) => ({ value: 100 * value, unit: "%" });
  const most = (of: (band: LightEstimate) => number) => Math.max(...bands.map(of));
  return {
    "tiles-used": { value: tiles },
    shading: percent(most((band) => band.shape?.depth ?? 0)),
    "flat-error": percent(most((band) => band.error)),
    unevenness: percent(most((band) => band.unevenness[0])),
    "unevenness-left": percent(most((band) => band.unevenness[1])),
    ...(told
      ? {
          "dark-level": { value: most((band) => band.dark.value) },
          "dark-error": { value: most((band) => band.dark.error) },
        }
      : {}),
  };
}

function remarks(bands: readonly LightEstimate[], tiles: number, darkGiven: boolean): Diagnostic[] {
  if (tiles < TILES_MIN) {
    return [
      warning(
        "too-few-tiles",
        `Expected ${TILES_MIN} tiles or more to tell light from what they show, but ${tiles} can be used: the flat field is 1 everywhere`,
        "Give a flat-field image to preprocess/flat-field.",
      ),
    ];
  }
  if (bands.every((band) => !band.shape)) {
    return [
      {
        severity: "info",
        code: "light-even",
        message: "No uneven light can be told from what the tiles show: the flat field is 1 everywhere",
      },
    ];
  }
  const astray = Math.max(...bands.map(errorByDark));
  if (darkGiven || !(astray > 0.01)) return [];
  return [
    {
      severity: "info",
      code: "dark-uncertain",
      message: `The tiles hardly tell the camera's signal without light: things that are much brighter than the background may come out wrong by ${(100 * astray).toFixed(0)} % at the rim of a tile`,
      hint: "Where it is known, say so with dark-level:.",
    },
  ];
}
