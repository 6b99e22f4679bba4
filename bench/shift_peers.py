"""Shifts of 50 pairs for each line read, JSON for each line written. Arguments: folder of images, file for their raw pixels.

One thread, processor time. Writes all images as raw float32 first, so that another process reads the same.
"""
import json, os, sys, time

os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
import cv2
import numpy as np

folder, raw = sys.argv[1:3]
cv2.setNumThreads(1)
read = lambda name: cv2.imread(os.path.join(folder, name), cv2.IMREAD_UNCHANGED).astype(np.float32)
fixed, moving = read("fixed.tif"), [read(f"moving_{k:02d}.tif") for k in range(50)]
np.stack([fixed, *moving]).tofile(raw)
window = cv2.createHanningWindow(fixed.shape[::-1], cv2.CV_32F)
methods = {f"OpenCV {cv2.__version__}, Hann": lambda f, m: cv2.phaseCorrelate(f, m, window)[0]}
try:
    import skimage
    from skimage.registration import phase_cross_correlation

    def skimage_shift(f, m):
        found = phase_cross_correlation((f - f.mean()) * window, (m - m.mean()) * window, upsample_factor=100)[0]
        return [-found[1], -found[0]]

    methods[f"scikit-image {skimage.__version__}, Hann"] = skimage_shift
except ImportError:
    pass
print(json.dumps({"methods": list(methods)}), flush=True)
for line in sys.stdin:
    method = methods[line.rstrip("\n")]
    pairs = [(fixed.copy(), m.copy()) for m in moving]  # OpenCV puts its window onto what it is given
    began = time.process_time()
    shifts = [[float(v) for v in method(f, m)] for f, m in pairs]
    print(json.dumps({"ms": (time.process_time() - began) * 1e3 / len(moving), "shifts": shifts}), flush=True)
