"""OpenCV's ECC over a pyramid, and pairs with a known affine map. Arguments: folder of the peers, folder of the inputs, scratch, threads.

Reads lines, answers each with a line of JSON: "bench" aligns the pair of the workload `intensity`; "pair" makes another random pair of
1024 x 1024 from the peers' photographs, writes it as fixed.raw and moving.raw, and aligns it. One generator, one sequence.
"""
import json, os, sys, time
import cv2, numpy as np
from made_pairs import MadePairs

peers, inputs, scratch, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
cv2.setNumThreads(threads)
rng = np.random.default_rng(501)
pairs = MadePairs(rng, peers)


def ecc(fixed, moving):
    began = time.perf_counter(); warp = np.eye(2, 3, dtype=np.float32); levels = [(fixed, moving)]
    for _ in range(3): levels.append(tuple(cv2.pyrDown(x) for x in levels[-1]))
    warp[:, 2] /= 8
    for k, (f, m) in enumerate(reversed(levels)):
        _, warp = cv2.findTransformECC(f, m, warp, cv2.MOTION_AFFINE, (3, 50, 1e-5), None, 5)
        if k < 3: warp[:, 2] *= 2
    return [*map(float, warp.ravel()), 0, 0, 1], (time.perf_counter() - began) * 1000


def pair():
    """The second view has a gain, an offset and noise of its own."""
    f, m, t = pairs.views()
    return pairs.noisy(f, 2), pairs.noisy(m * rng.uniform(.8, 1.1) + rng.uniform(-5, 15), 2), t


bench = [cv2.imread(os.path.join(inputs, 'intensity', f'{k}.png'), 0) for k in ('fixed', 'moving')]
truth = json.load(open(os.path.join(inputs, 'intensity', 'truth.json')))['movingFromFixed']
for line in sys.stdin:
    f, m, t = (*bench, truth) if line.strip() == 'bench' else pair()
    f.tofile(os.path.join(scratch, 'fixed.raw')); m.tofile(os.path.join(scratch, 'moving.raw'))
    matrix, ms = ecc(f, m)
    print(json.dumps(dict(truth=np.asarray(t).ravel().tolist(), matrix=matrix, ms=ms)), flush=True)
