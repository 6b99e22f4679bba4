import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import type { Image } from "../core/image.js";
import type { Transform } from "../core/transform.js";
import { imageInput, imageTensor, type TensorOptions } from "./image-tensor.js";
import { isMapOutput, type MapConvention, transformOf } from "./map-output.js";
import { conventionProblem, type Network } from "./network.js";

export interface PredictedMapOptions extends TensorOptions, MapConvention {
  /** Names of inputs and output, where they do not say themselves what they are. */
  readonly names: {
    readonly fixed?: string | undefined;
    readonly moving?: string | undefined;
    readonly output?: string | undefined;
  };
}

const shapes = {
  displacement: "a displacement ([1, 2, height, width] or [1, height, width, 2])",
  affine: "an affine map ([1, 2, 3] or [1, 6])",
  homography: "a homography ([1, 3, 3] or [1, 9])",
} as const;

/**
 * A map between two images by a network that gives it at once, such as VoxelMorph. Both images are seen on equally many
 * pixels, each over its own area.
 *
 * @returns the transform from the fixed to the moving world, unjudged; `network-convention` when the model is no such
 *   network, `network-output` when what it gives is no such map
 */
export async function predictedMap(
  network: Network,
  images: { readonly fixed: Image; readonly moving: Image },
  options: PredictedMapOptions,
  signal: AbortSignal,
): Promise<Result<Transform>> {
  const bound = roles(network, options);
  if (!bound.ok) return bound;
  const names = bound.value;
  const port = (name: string) => imageInput(network.inputs.find((i) => i.name === name)!)!;
  const [first, second] = [port(names.fixed), port(names.moving)];
  const width = first.width ?? second.width;
  const height = first.height ?? second.height;
  if ((second.width ?? width) !== width || (second.height ?? height) !== height) {
    return conventionProblem(
      "a network that sees both images in one size",
      network,
      "A map between pixels has no meaning otherwise.",
    );
  }
  const size = { ...(width ? { width } : {}), ...(height ? { height } : {}) };
  const fixed = await imageTensor(images.fixed, { ...first, ...size }, options, signal);
  const same = { width: fixed.grid.width, height: fixed.grid.height };
  const moving = await imageTensor(images.moving, { ...second, ...same }, options, signal);
  signal.throwIfAborted();
  const ran = await network.run({ [names.fixed]: fixed.tensor, [names.moving]: moving.tensor });
  if (!ran.ok) return ran;
  const tensor = ran.value[names.output];
  if (!tensor)
    return failed(problem("network-output", `The network gave no ${names.output}`, "Name another output in output."));
  return transformOf(names.output, tensor, { fixed: fixed.grid, moving: moving.grid }, options);
}

/** Which inputs are which image, and which output is the map. Nothing is guessed from the order of inputs. */
function roles(
  network: Network,
  { gives, names }: PredictedMapOptions,
): Result<{ readonly fixed: string; readonly moving: string; readonly output: string }> {
  const inputs = network.inputs.map((i) => i.name);
  const called = (words: RegExp) => {
    const found = inputs.filter((name) => words.test(name));
    return found.length === 1 ? found[0] : undefined;
  };
  const other = (name: string | undefined) =>
    name === undefined ? undefined : inputs.find((candidate) => candidate !== name);
  const ownFixed = names.fixed ?? (names.moving === undefined ? called(/fixed|target/i) : undefined);
  const ownMoving = names.moving ?? (names.fixed === undefined ? called(/moving|source/i) : undefined);
  const fixed = ownFixed ?? other(ownMoving);
  const moving = ownMoving ?? other(ownFixed);
  const expected = `a network of two images, float32 inputs of four dimensions with 1 or 3 channels, that gives ${shapes[gives]}`;
  const areImages = network.inputs.length === 2 && network.inputs.every((i) => imageInput(i) !== undefined);
  if (!areImages) {
    return conventionProblem(expected, network, "Networks that give points are for match/learned.");
  }
  if (
    fixed === undefined ||
    moving === undefined ||
    fixed === moving ||
    ![fixed, moving].every((n) => inputs.includes(n))
  ) {
    return conventionProblem(
      `${expected}, with inputs that are called fixed and moving, or target and source`,
      network,
      "Say which is which with input-fixed and input-moving.",
    );
  }
  const fitting = network.outputs.filter((o) => o.type.startsWith("float") && isMapOutput(gives, o.shape));
  const output = names.output ?? (fitting.length === 1 ? fitting[0]!.name : undefined);
  if (output === undefined || !network.outputs.some((o) => o.name === output)) {
    return conventionProblem(
      `${expected} as one of its outputs`,
      network,
      fitting.length > 1
        ? "Several outputs may be the map: name it in output."
        : "Write what it gives in gives, and name its output in output.",
    );
  }
  return ok({ fixed, moving, output });
}
