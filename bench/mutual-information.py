"""elastix by mutual information (4 levels of 150 iterations, 1500 samples), and pairs with a known affine map between different
intensities. Arguments: folder of the peers, folder of the inputs, scratch, threads.

Reads lines, answers each with a line of JSON: "rigid" and "affine" are the pairs of the workload `mi`; "pair" makes another random
pair of 1024 x 1024 from the peers' photographs: other grey values by a random curve, light that differs from place to place, noise.
The pair is written as fixed.raw and moving.raw. With "alone" after it, elastix is left out. One generator, one sequence.
"""
import json, os, sys, tempfile, time
import cv2, numpy as np
from made_pairs import MadePairs, xx, yy

peers, inputs, scratch, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
sys.path.insert(0, peers)
import elastix as peer
cv2.setNumThreads(threads)
rng = np.random.default_rng(502)
pairs = MadePairs(rng, peers)


def elastix(fixed, moving, family):
    work = tempfile.mkdtemp(dir=scratch)
    files = [os.path.join(work, k) for k in ('fixed.png', 'moving.png')]
    for file, image in zip(files, (fixed, moving)): cv2.imwrite(file, image)
    began = time.perf_counter()
    peer.run(*files, 'EulerTransform' if family == 'rigid' else 'AffineTransform', 'AdvancedMattesMutualInformation', work, threads, 4, 150, 1500)
    ms = (time.perf_counter() - began) * 1000
    return peer.matrix(work).ravel().tolist(), ms


def pair():
    f, m, t = pairs.views()
    x = np.arange(256) / 255; a, b = rng.uniform(2.5, 4.5), rng.uniform(.2, .7)
    curve = 255 * ((1 - b) * (1 - x) + b * np.abs(np.sin(a * x)) ** 1.5)
    light = 1 - .3 * (.5 + .5 * np.sin(xx / 170 + rng.uniform(0, 6)) * np.cos(yy / 210 + rng.uniform(0, 6)))
    return pairs.noisy(f, 3), pairs.noisy(np.interp(m, np.arange(256), curve) * light, 5), t


def workload(case):
    folder = os.path.join(inputs, 'mi', case)
    images = [cv2.imread(os.path.join(folder, f'{k}.png'), 0) for k in ('fixed', 'moving')]
    return *images, json.load(open(os.path.join(folder, 'truth.json')))['movingFromFixed']


for line in sys.stdin:
    what, *alone = line.split()
    f, m, t = pair() if what == 'pair' else workload(what)
    f.tofile(os.path.join(scratch, 'fixed.raw')); m.tofile(os.path.join(scratch, 'moving.raw'))
    matrix, ms = (None, None) if alone else elastix(f, m, what)
    print(json.dumps(dict(truth=np.asarray(t).ravel().tolist(), matrix=matrix, ms=ms)), flush=True)
