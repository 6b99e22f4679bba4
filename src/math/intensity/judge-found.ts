import type { Image } from "../../core/image.js";
import type { Transform } from "../../core/transform.js";
import type { Verdict } from "../../core/verdict.js";
import type { FourierEvidence } from "../fourier-mellin/evidence.js";
import { lookThrough } from "../map-look.js";
import { judge } from "../verdict.js";
import type { IntensityEvidence } from "./evidence.js";
import type { IntensityFamily } from "./families.js";

/** The second look's misfit counts beside the covariance: what the model does not follow is an error too. */
export async function judgeFound(
  transform: Transform,
  images: { readonly fixed: Image; readonly moving: Image },
  family: IntensityFamily,
  intensity: IntensityEvidence,
  signal: AbortSignal,
  fourier?: FourierEvidence,
): Promise<Verdict> {
  const { evidence, confirmed, missOfNoise, typicalMiss, typicalNoise } = await lookThrough(transform, images, signal);
  const miss = evidence.misfit;
  const misfit = Number.isFinite(miss) ? Math.sqrt(Math.max(0, miss ** 2 - 2 * missOfNoise ** 2)) : 0;
  const { sigma } = intensity;
  return judge(
    {
      ...{ ...evidence, family, misfit, noise: sigma },
      intensity: confirmed ? { ...intensity, patches: { miss: typicalMiss, noise: typicalNoise } } : intensity,
      ...(fourier ? { fourier } : {}),
      // Where nothing is confirmed the optimum may be a wrong one, and its covariance says nothing.
      expectedError: confirmed && Number.isFinite(sigma) ? Math.sqrt(sigma ** 2 + misfit ** 2) : Number.NaN,
    },
    confirmed ? "converged" : "guided-pass-found-too-little",
  );
}
