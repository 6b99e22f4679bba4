"""OpenCV's ECC over a pyramid, and pairs with a known affine map. Arguments: folder of the peers, folder of the inputs, scratch, threads.

Reads lines, answers each with a line of JSON: "bench" aligns the pair of the workload `intensity`; "pair" makes another random pair of
1024 x 1024 from the peers' photographs, writes it as fixed.raw and moving.raw, and aligns it. One generator, one sequence.
"""
import json, os, sys, time
import cv2, numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

peers, inputs, scratch, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
cv2.setNumThreads(threads)
rng = np.random.default_rng(501)
N = 1024


def ecc(fixed, moving):
    began = time.perf_counter(); warp = np.eye(2, 3, dtype=np.float32); levels = [(fixed, moving)]
    for _ in range(3): levels.append(tuple(cv2.pyrDown(x) for x in levels[-1]))
    warp[:, 2] /= 8
    for k, (f, m) in enumerate(reversed(levels)):
        _, warp = cv2.findTransformECC(f, m, warp, cv2.MOTION_AFFINE, (3, 50, 1e-5), None, 5)
        if k < 3: warp[:, 2] *= 2
    return [*map(float, warp.ravel()), 0, 0, 1], (time.perf_counter() - began) * 1000


def around(deg, sx, sy, shear, tx, ty, c=(N - 1) / 2):
    a = np.deg2rad(deg); r = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ np.array([[sx, shear], [0, sy]])
    m = np.eye(3); m[:2, :2] = r; m[:2, 2] = np.array([c, c]) - r @ [c, c] + [tx, ty]
    return m


def noisy(image, sigma):
    return np.clip(np.rint(image + rng.normal(0, sigma, image.shape)), 0, 255).astype(np.uint8)


photos = []
made = 0


def pair():
    """A crop of a photograph at a fractional place, and the same through a random affine map: gain, offset and noise of its own."""
    global made
    if not photos: photos.extend(gaussian_filter(cv2.imread(f'{peers}/seed/{k}.jpg', 0).astype(np.float32), .8) for k in ('left', 'right'))
    yy, xx = np.mgrid[0:N, 0:N].astype(float)
    while True:
        photo = photos[made % 2]; h, w = photo.shape
        x0, y0 = int(rng.integers(200, w - 1300)), int(rng.integers(200, h - 1300)); s = photo[y0 - 150:y0 + 1174, x0 - 150:x0 + 1174]
        if np.hypot(*np.gradient(gaussian_filter(s, 2))).mean() >= 1: break       # not the sky
    t = around(rng.uniform(-3, 3), *rng.uniform(.985, 1.015, 2), rng.uniform(-.01, .01), *rng.uniform(-10, 10, 2))
    i = np.linalg.inv(t); ox, oy = 150 + rng.uniform(0, 1, 2); made += 1
    at = lambda x, y: map_coordinates(s, [y, x], order=3, mode='reflect', output=np.float32)
    f = at(xx + ox, yy + oy); m = at(i[0, 0] * xx + i[0, 1] * yy + i[0, 2] + ox, i[1, 0] * xx + i[1, 1] * yy + i[1, 2] + oy)
    return noisy(f, 2), noisy(m * rng.uniform(.8, 1.1) + rng.uniform(-5, 15), 2), t


bench = [cv2.imread(os.path.join(inputs, 'intensity', f'{k}.png'), 0) for k in ('fixed', 'moving')]
truth = json.load(open(os.path.join(inputs, 'intensity', 'truth.json')))['movingFromFixed']
for line in sys.stdin:
    f, m, t = (*bench, truth) if line.strip() == 'bench' else pair()
    f.tofile(os.path.join(scratch, 'fixed.raw')); m.tofile(os.path.join(scratch, 'moving.raw'))
    matrix, ms = ecc(f, m)
    print(json.dumps(dict(truth=np.asarray(t).ravel().tolist(), matrix=matrix, ms=ms)), flush=True)
