"""elastix and OpenCV DIS on pairs with a known smooth field. Arguments: folder of the peers, folder of the inputs, scratch, threads.

Reads lines, answers each with a line of JSON. "bench NAMES": the pair of the workload `deformable`, registered by the named peers; "pair
NAMES": another random pair of 1024 x 1024 from the peers' photographs; "shaded NAMES": the same with light that changes from place to
place; "other NAMES": with brightness that rises and falls, a little shading, and more noise. Each is written as fixed.raw, moving.raw (bytes) and truth.raw (float32, x and y interleaved). One generator, one sequence.
"""
import json, os, sys, time
import cv2, numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

peers, inputs, scratch, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
sys.path.insert(0, peers)
import elastix
from common import field_error

cv2.setNumThreads(threads)
rng = np.random.default_rng(7031)
N, PAD = 1024, 160
GRIDS = '(FinalGridSpacingInPhysicalUnits 48 48) (GridSpacingSchedule 8 4 2 1)'
photos = []
made = 0


def noisy(image, sigma=2):
    return np.clip(np.rint(image + rng.normal(0, sigma, image.shape)), 0, 255).astype(np.uint8)


def pair(light):
    """A crop of a photograph, and the same through a random smooth field: correlation length 70 or 40 px, peak 9 or 5 px and a shift."""
    global made
    if not photos: photos.extend(gaussian_filter(cv2.imread(f'{peers}/seed/{k}.jpg', 0).astype(np.float32), .8) for k in ('left', 'right'))
    yy, xx = np.mgrid[0:N, 0:N].astype(float)
    while True:
        photo = photos[made % 2]; h, w = photo.shape
        x0, y0 = int(rng.integers(200, w - 1400)), int(rng.integers(200, h - 1400)); s = photo[y0 - PAD:y0 + N + PAD, x0 - PAD:x0 + N + PAD]
        if np.hypot(*np.gradient(gaussian_filter(s, 2))).mean() >= 1: break       # not the sky alone
    correlation, peak = (70, 9) if made % 4 < 2 else (40, 5)
    v = np.stack([gaussian_filter(rng.normal(0, 1, (N + 2 * PAD,) * 2), correlation) for _ in range(2)], -1)
    v *= peak / np.abs(v).max(); v += rng.uniform(-2, 2, 2); made += 1
    at = lambda x, y: map_coordinates(s, [y, x], order=3, mode='reflect', output=np.float32)
    c = v[PAD:-PAD, PAD:-PAD]; f = at(xx + PAD, yy + PAD); m = at(xx + c[..., 0] + PAD, yy + c[..., 1] + PAD)
    a, b, d = rng.uniform(0, 6.28, 3); shade = np.sin(xx / 140 + a) * np.cos(yy / 170 + b)
    if light == 'shaded': m = m * (1 + .3 * shade) + 18 * np.sin((xx + yy) / 200 + d)
    if light == 'other': m = (128 + 100 * np.cos(m / 255 * rng.uniform(4, 6) + d)) * (1 + .15 * shade)
    u = -c.copy()
    for _ in range(40): u = -np.stack([map_coordinates(v[..., k], [yy + u[..., 1] + PAD, xx + u[..., 0] + PAD], order=3, mode='nearest') for k in range(2)], -1)
    return noisy(f), noisy(m, 5 if light == 'other' else 2), u


def dis(fixed, moving):
    solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM); began = time.perf_counter()
    return solver.calc(fixed, moving, None), time.perf_counter() - began


def by_elastix(metric):
    def run(fixed, moving):
        work = os.path.join(scratch, 'elastix'); f, m = (os.path.join(scratch, k) for k in ('fixed.png', 'moving.png'))
        cv2.imwrite(f, fixed); cv2.imwrite(m, moving); began = time.perf_counter()
        elastix.run(f, m, 'BSplineTransform', metric, work, threads, 4, 500, 4096, GRIDS)
        seconds = time.perf_counter() - began
        return elastix.displacement(work), seconds
    return run


PEERS = dict(dis=dis, msd=by_elastix('AdvancedMeanSquares'), mi=by_elastix('AdvancedMattesMutualInformation'))
bench = [cv2.imread(os.path.join(inputs, 'deformable', f'{k}.png'), 0) for k in ('fixed', 'moving')]
truth = np.load(os.path.join(inputs, 'deformable', 'truth.npy'))
for line in sys.stdin:
    what, *names = line.split()
    f, m, t = (*bench, truth) if what == 'bench' else pair(what)
    f.tofile(os.path.join(scratch, 'fixed.raw')); m.tofile(os.path.join(scratch, 'moving.raw'))
    np.ascontiguousarray(t, np.float32).tofile(os.path.join(scratch, 'truth.raw'))
    answer = dict(identity=field_error(0 * t, t)['epe_mean_px'])
    for name in names:
        u, seconds = PEERS[name](f, m); answer[name] = dict(ms=seconds * 1000, **field_error(u, t))
    print(json.dumps(answer), flush=True)
