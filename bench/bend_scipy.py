"""scipy's part of bend.mjs: fits a thin-plate spline to 500 points once and prints milliseconds."""
import time

import numpy as np
from scipy.interpolate import RBFInterpolator

random = np.random.default_rng(1)
places = random.uniform(0, 1000, (500, 2))
values = places + 8 * np.sin(places / 120) + random.uniform(-0.15, 0.15, places.shape)
RBFInterpolator(places[:50], values[:50], kernel="thin_plate_spline")
began = time.perf_counter()
RBFInterpolator(places, values, kernel="thin_plate_spline", smoothing=1.0)
print((time.perf_counter() - began) * 1e3)
