import { type Diagnostic, failed, ok, problem, type Result } from "../../core/diagnostic.js";
import { type Grid, spacing } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import type { Matches } from "../../core/matches.js";
import type { Context } from "../../core/plugin.js";
import type { Points } from "../../core/points.js";
import { applyMatrix3, invertMatrix3, type Matrix3, matrix3FromAffine, multiplyMatrix3 } from "../../core/transform.js";
import { kernels } from "../../kernel/lane.js";
import { wrongMask } from "../features/match-images.js";
import { pixelMap, worldMap } from "../pair.js";
import type { PairInputs } from "../pair-inputs.js";
import { seededRandom } from "../random.js";
import type { StructureEvidence } from "./evidence.js";
import { type StructureImage, structureImage } from "./image.js";
import { type LevelTies, StructurePair } from "./refine.js";
import { type Candidate, type ClimbStep, climb, type Start, screen } from "./screen.js";
import { searchStructure } from "./search.js";

export interface StructureOptions {
  readonly model: "similarity" | "affine";
  /** Whether mirror images are looked for too. */
  readonly flips: boolean;
  /** Whether the images may look at the scene at a slant to each other. */
  readonly tilts?: boolean;
  /** Least overlap, as a share of the smaller image. */
  readonly minOverlap: number;
  /** Longer images are looked at in a coarser version, pixels. */
  readonly maxSide: number;
  /** Least and greatest scale, relative to what makes the long sides equal. */
  readonly scales: readonly [number, number];
  /** Maps to try besides those that the search finds, fixed world to moving world: the doubtful result of another method. */
  readonly starts?: readonly Matrix3[];
}

export interface StructureAlignment {
  /** Fixed world to moving world. */
  readonly matrix: Matrix3;
  readonly evidence: StructureEvidence;
  /** Where each block's content lies, near the map but not bound to it, most trusted first; world coordinates. */
  readonly ties: Pick<Matches, "fixed" | "moving"> & { readonly weight: Float64Array };
  /** Tie points of the level where maps are compared, whose blocks look farther: what the model does not follow shows in them. */
  readonly coarseTies: StructureAlignment["ties"];
  /** How far apart maps are that were fitted to two halves of the blocks, pixels of the moving image; NaN when unknown. */
  readonly halves: number;
  /** Pixels of the moving image per pixel of the level that the ties come from. */
  readonly levelPixel: number;
  /** Distance from which the ties have no pixel in common, fixed world units. */
  readonly tieExtent: number;
  readonly levels: readonly ClimbStep[];
  /** Other maps that were looked at to the end, best first, fixed world to moving world. */
  readonly rivals: readonly { readonly matrix: Matrix3; readonly score: number; readonly source: string }[];
  /** Maps that were tried. */
  readonly tried: number;
}

/**
 * Aligns two images of any modality by their structure: edges, whatever their contrast.
 *
 * A search over all rotations, scales and shifts proposes maps; blocks of the fixed image are then correlated with the
 * warped moving image, coarse to fine, and the map is taken on which most of them agree.
 */
export async function alignByStructure(
  inputs: PairInputs,
  options: StructureOptions,
  context: Pick<Context, "signal" | "progress" | "random" | "memory">,
): Promise<Result<StructureAlignment>> {
  const { signal } = context;
  const wrong = [
    ...lackOfMemory(inputs, options.maxSide, context.memory),
    ...wrongMask("fixed", inputs.fixed, inputs.fixedMask),
    ...wrongMask("moving", inputs.moving, inputs.movingMask),
  ];
  if (wrong.length > 0) return failed(...wrong);
  using arena = kernels().arena();
  const { maxSide } = options;
  const read = async (image: Image, mask: Image | undefined) =>
    mostlyFlat(await structureImage(arena, image, { maxSide, mask, signal }));
  const fixed = await read(inputs.fixed, inputs.fixedMask);
  const moving = await read(inputs.moving, inputs.movingMask);
  const bare = [...lack("fixed", fixed), ...lack("moving", moving)];
  if (bare.length > 0) return failed(...bare);
  context.progress(0.1);
  const { minOverlap, scales, flips, tilts = false } = options;
  const found = await searchStructure(fixed, moving, {
    ...{ minOverlap, scales, flips, tilts, signal },
    progress: (share) => context.progress(0.1 + 0.6 * share),
  });
  const starts: Start[] = [
    ...found.map(({ matrix, flipped, source }) => ({ matrix: channelMap(fixed, moving, matrix), flipped, source })),
    ...(options.starts ?? []).map((world) => {
      const matrix = pixelMap(world, fixed.grid, moving.grid);
      return { matrix, flipped: matrix[0] * matrix[4] < matrix[1] * matrix[3], source: "given" };
    }),
  ];
  const pair = new StructurePair(arena, fixed, moving);
  // Of its own, so that a start more or less does not change what follows the alignment.
  const random = seededRandom(Math.floor(context.random() * 2 ** 32));
  const screened = screen(pair, starts, { model: options.model, random, signal });
  if (!screened) return failed(nothingFound(starts.length));
  await new Promise(setImmediate); // lets a signal arrive between long stretches of work
  signal.throwIfAborted();
  context.progress(0.85);
  const [best, ...others] = screened.candidates as [Candidate, ...Candidate[]];
  const { finest, steps, ties, levelPixel, tieExtent } = climb(pair, best, { model: options.model, random, signal });
  const world = (m: Matrix3) => worldMap(m, fixed.grid, moving.grid);
  const perChannelPixel = spacing(moving.grid) / spacing(inputs.moving.grid);
  return ok({
    matrix: world(finest.matrix),
    evidence: {
      ...{ score: best.score, margin: best.score / screened.rival },
      ...{ consistency: best.consistency, blocks: best.blocks },
    },
    ties: worldTies(ties, fixed.grid, moving.grid),
    coarseTies: worldTies(best.ties, fixed.grid, moving.grid),
    halves: (finest.halves ?? Number.NaN) * perChannelPixel,
    levelPixel: levelPixel * perChannelPixel,
    tieExtent: tieExtent * spacing(fixed.grid),
    levels: steps,
    rivals: others.map(({ matrix, score, start }) => ({ matrix: world(matrix), score, source: start.source })),
    tried: starts.length,
  });
}

/** Below this share of pixels that are no flat border, the border is no frame but what the picture is drawn on. */
const FRAMED = 0.5;

/** A map with blank land, or an organ on black: its outline is most of what there is to see, and stays. */
const mostlyFlat = (image: StructureImage): StructureImage =>
  image.validShare < FRAMED && image.validShare >= LEAST_SEEN ? { ...image, channels: image.unmasked } : image;

/** A map of full pixels as one of the channels' pixels. */
const channelMap = (fixed: StructureImage, moving: StructureImage, full: Matrix3): Matrix3 =>
  multiplyMatrix3(invertMatrix3(moving.fullFromLevel), multiplyMatrix3(full, fixed.fullFromLevel));

/** Blocks whose peak stands out less, as a share of the median one's, are no tie points. */
const FAINT = 0.15;

const worldTies = (ties: LevelTies, fixed: Grid, moving: Grid): StructureAlignment["ties"] => {
  const known = ties.weight.filter((w) => w > 0).sort();
  const floor = known.length > 0 ? FAINT * known[known.length >> 1]! : 0;
  const order = Array.from(ties.weight.keys())
    .filter((n) => ties.weight[n]! > floor)
    .sort((a, b) => ties.weight[b]! - ties.weight[a]! || a - b);
  const most = order.length > 0 ? ties.weight[order[0]!]! : 1;
  const pick = (points: Float64Array, grid: Grid): Points<"world"> =>
    applyMatrix3(
      matrix3FromAffine(grid.worldFromPixel),
      Float64Array.from({ length: 2 * order.length }, (_, i) => points[2 * order[i >> 1]! + (i & 1)]!),
    ) as Points<"world">;
  return {
    fixed: pick(ties.fixed, fixed),
    moving: pick(ties.moving, moving),
    weight: Float64Array.from(order, (n) => ties.weight[n]! / most),
  };
};

/** Planes of float32 that are held for each pixel besides an image's channels: fields, and what they are made of. */
const PLANES = 14;

/** Before anything is read: whether the images can be held at the level that they are looked at. */
function lackOfMemory({ fixed, moving }: PairInputs, maxSide: number, memory: number): Diagnostic[] {
  const bytes = ({ grid, bands }: Image): number => {
    const shrink = Math.min(1, maxSide / Math.max(grid.width, grid.height));
    return 4 * (2 * bands.length + PLANES) * grid.width * grid.height * shrink * shrink;
  };
  const need = bytes(fixed) + bytes(moving);
  if (need <= memory) return [];
  const mb = (n: number) => `${Math.ceil(n / 1e6)} MB`;
  return [
    problem(
      "memory-too-small",
      `Aligning the images with no side longer than ${Math.round(maxSide)} px takes about ${mb(need)}, but the step may hold ${mb(memory)}`,
      "Give more with --memory, or match at a coarser level with a smaller max-side.",
    ),
  ];
}

/** Shorter images have no blocks to compare. */
const LEAST_SIDE = 32;
const LEAST_SEEN = 0.02;

function lack(name: string, { grid, validShare, full }: StructureImage) {
  if (Math.min(grid.width, grid.height) < LEAST_SIDE)
    return [
      problem(
        "too-small-for-structure",
        `Expected at least ${LEAST_SIDE} pixels on each side of the ${name} image, but it is looked at as ${grid.width} x ${grid.height} (of ${full.width} x ${full.height})`,
        "Use larger images, or a larger max-side for long and narrow ones.",
      ),
    ];
  if (validShare < LEAST_SEEN)
    return [
      problem(
        "no-structure",
        `There is next to nothing to see in the ${name} image: ${(100 * validShare).toFixed(1)} % is neither blank border, nodata nor masked`,
        "Check the mask, and the nodata value that the file declares; the image may be blank.",
      ),
    ];
  return [];
}

const nothingFound = (tried: number) =>
  problem(
    "no-common-structure",
    `None of ${tried} ways to lay the images on each other has enough edges in both`,
    "The images may be blank, very smooth, or overlap too little: a smaller min-overlap may help, or tie points by hand.",
  );
