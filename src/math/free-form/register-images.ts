import { failed, ok, type Result } from "../../core/diagnostic.js";
import type { Image } from "../../core/image.js";
import type { Context, Outcome } from "../../core/plugin.js";
import type { Registration } from "../../core/registration.js";
import { sequence, type Transform } from "../../core/transform.js";
import type { Course } from "../../core/verdict.js";
import { kernels } from "../../kernel/lane.js";
import { wrongMask } from "../features/match-images.js";
import { hidden } from "../intensity/hidden.js";
import { startingMap } from "../pair.js";
import type { StartedInputs } from "../pair-inputs.js";
import { alikeImage, alikePlane, brightnessMap } from "./alike.js";
import type { FreeFormEvidence } from "./evidence.js";
import { gatherEvidence, measureWords } from "./gather-evidence.js";
import { judgeFreeFormMap } from "./judge-found.js";
import { lackOfMemory } from "./lack-of-memory.js";
import { latticeMap } from "./lattice-map.js";
import { defaultSpacing, wrongLattice } from "./lattice-request.js";
import { type Looked, lookedAt, readOnOneGrid } from "./one-grid.js";
import { bentPlane } from "./plane-tools.js";
import { type FreeFormOptions, registerFreeForm } from "./register.js";

export interface FreeFormRequest {
  readonly metric: FreeFormOptions["metric"];
  /** Distance between the nodes of the lattice, pixels of the fixed image; by the image's size when absent. */
  readonly spacing: number | undefined;
  readonly bending: number;
  readonly effort: "fast" | "standard";
  /** Longer images are looked at in a coarser version, pixels. */
  readonly maxSide: number;
}

/** Bends a moving image onto a fixed one by a lattice of displacements, and says how far the result can be believed. */
export async function registerByFreeForm(
  inputs: StartedInputs,
  request: FreeFormRequest,
  context: Context,
): Promise<Outcome<{ transform: "transform" }>> {
  const { fixed, moving, fixedMask, movingMask } = inputs;
  const wrong = [...wrongMask("fixed", fixed, fixedMask), ...wrongMask("moving", moving, movingMask)];
  if (wrong.length > 0) return failed(...wrong);
  const start: Transform = inputs.start?.transform ?? { type: "affine", matrix: affineStart(fixed, moving) };
  const looked = lookedAt(fixed.grid, moving.grid, start, request.maxSide);
  if (!looked.ok) return looked;
  const spacing = request.spacing === undefined ? defaultSpacing(looked.value) : request.spacing / looked.value.factor;
  const unfit = [
    ...wrongLattice(spacing, looked.value),
    ...lackOfMemory(looked.value, spacing, request.metric, context.memory),
  ];
  if (unfit.length > 0) return failed(...unfit);
  const images = { fixed: hidden(fixed, fixedMask), moving: hidden(moving, movingMask) };
  const found = await bend(images, start, looked.value, { ...request, spacing }, context);
  if (!found.ok) return found;
  const { transform, evidence, course, alike } = found.value;
  const verdict = {
    ...(await judgeFreeFormMap(transform, images, evidence, context.signal, alike)),
    course,
  };
  const registration: Registration = { transform, fixed: fixed.grid, moving: moving.grid, verdict };
  return { ok: true, value: { transform: registration }, metrics: verdict.metrics, verdict };
}

/** Where the images lie in their worlds, or pixel on pixel. */
function affineStart(fixed: Image, moving: Image) {
  const m = startingMap({ fixed, moving });
  return [m[0], m[1], m[2], m[3], m[4], m[5]] as const;
}

interface Bent {
  readonly transform: Transform;
  readonly evidence: FreeFormEvidence;
  readonly course: Course;
  /** The moving image in the brightness of the fixed one, where they are of different kinds. */
  readonly alike?: Image;
}

async function bend(
  images: { readonly fixed: Image; readonly moving: Image },
  start: Transform,
  looked: Looked,
  options: FreeFormRequest & { readonly spacing: number },
  { signal, progress }: Context,
): Promise<Result<Bent>> {
  using arena = kernels().arena();
  const read = await readOnOneGrid(arena, images, start, looked, signal);
  if (!read.ok) return read;
  const { fixed, moving, grid } = read.value;
  progress(0.3);
  const { metric, spacing, bending, effort } = options;
  const pixel = looked.magnification;
  const asked = { metric, spacing, effort, bending };
  const fit = registerFreeForm(arena, fixed, moving, asked);
  await new Promise(setImmediate); // lets a signal arrive between long stretches of work
  signal.throwIfAborted();
  progress(0.5);
  // Images of different kinds are looked at once more in one brightness: where one curve cannot do that, the verdict is the worse for it.
  const curve =
    metric === "mutual-information" ? brightnessMap(arena, fixed, bentPlane(arena, moving, fit)) : undefined;
  const seen = curve
    ? gatherEvidence(arena, fixed, alikePlane(arena, moving, curve), fit, { ...asked, metric: "ncc" }, pixel)
    : gatherEvidence(arena, fixed, moving, fit, asked, pixel);
  const evidence = { ...seen, measure: measureWords[metric] };
  signal.throwIfAborted();
  progress(0.8);
  return ok({
    ...(curve ? { alike: alikeImage(images.moving, curve) } : {}),
    transform: sequence(latticeMap(fit, grid), start),
    evidence,
    course: { measure: measureWords[metric], steps: fit.steps },
  });
}
