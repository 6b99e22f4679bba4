"""Pairs of 1024 x 1024 from the peers' photographs with a known affine map between them, for the benches that need many."""
import cv2, numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

N = 1024
yy, xx = np.mgrid[0:N, 0:N].astype(float)


def around(deg, sx, sy, shear, tx, ty, c=(N - 1) / 2):
    a = np.deg2rad(deg); r = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ np.array([[sx, shear], [0, sy]])
    m = np.eye(3); m[:2, :2] = r; m[:2, 2] = np.array([c, c]) - r @ [c, c] + [tx, ty]
    return m


class MadePairs:
    """All that is random comes from one generator, in one sequence."""

    def __init__(self, rng, peers):
        self.rng, self.peers, self.photos, self.made = rng, peers, [], 0

    def noisy(self, image, sigma):
        return np.clip(np.rint(image + self.rng.normal(0, sigma, image.shape)), 0, 255).astype(np.uint8)

    def views(self):
        """A crop of a photograph at a fractional place, the same through a random affine map, and the map, fixed to moving."""
        rng = self.rng
        if not self.photos:
            self.photos = [gaussian_filter(cv2.imread(f'{self.peers}/seed/{k}.jpg', 0).astype(np.float32), .8) for k in ('left', 'right')]
        while True:
            photo = self.photos[self.made % 2]; h, w = photo.shape
            x0, y0 = int(rng.integers(200, w - 1300)), int(rng.integers(200, h - 1300)); s = photo[y0 - 150:y0 + 1174, x0 - 150:x0 + 1174]
            if np.hypot(*np.gradient(gaussian_filter(s, 2))).mean() >= 1: break       # not the sky
        t = around(rng.uniform(-3, 3), *rng.uniform(.985, 1.015, 2), rng.uniform(-.01, .01), *rng.uniform(-10, 10, 2))
        i = np.linalg.inv(t); ox, oy = 150 + rng.uniform(0, 1, 2); self.made += 1
        at = lambda x, y: map_coordinates(s, [y, x], order=3, mode='reflect', output=np.float32)
        return at(xx + ox, yy + oy), at(i[0, 0] * xx + i[0, 1] * yy + i[0, 2] + ox, i[1, 0] * xx + i[1, 1] * yy + i[1, 2] + oy), t
