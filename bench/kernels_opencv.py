"""OpenCV's part of kernels.mjs: reads the name of an operation, does it once on one thread, prints milliseconds."""
import sys
import time

import cv2
import numpy as np

try:
    from scipy import ndimage
except ImportError:
    ndimage = None

cv2.setNumThreads(1)
n = int(sys.argv[1])
f32 = np.random.default_rng(1).integers(0, 65536, (n, n)).astype(np.float32)
u16 = f32.astype(np.uint16)
u8 = (f32 / 256).astype(np.uint8)
affine = np.array([[0.98, 0.12, 30], [-0.12, 0.98, 150]])
projective = np.array([[0.98, 0.12, 30], [-0.12, 0.98, 150], [1e-6, 2e-6, 1]])
clahe = cv2.createCLAHE(3, (n // 64, n // 64))


def warp(image, interpolation):
    return lambda: cv2.warpAffine(image, affine, (n, n), flags=interpolation | cv2.WARP_INVERSE_MAP)


def spline():
    """Cubic B-spline with its prefilter: OpenCV has none, scipy has. Axes are (y, x)."""
    matrix = np.array([[0.98, -0.12], [0.12, 0.98]])
    return ndimage.affine_transform(u16, matrix, (150, 30), output=np.uint16, order=3, mode="mirror")


operations = {
    "blur f32 sigma 1.6": lambda: cv2.GaussianBlur(f32, (13, 13), 1.6, borderType=cv2.BORDER_REPLICATE),
    "gradient f32": lambda: (cv2.Sobel(f32, cv2.CV_32F, 1, 0), cv2.Sobel(f32, cv2.CV_32F, 0, 1)),
    "halve f32": lambda: cv2.resize(f32, (n // 2, n // 2), interpolation=cv2.INTER_AREA),
    "widen u16": lambda: u16.astype(np.float32),
    "narrow u16": lambda: np.rint(f32).astype(np.uint16),
    "median f32 3x3": lambda: cv2.medianBlur(f32, 3),
    "median f32 5x5": lambda: cv2.medianBlur(f32, 5),
    "bilateral f32 7x7": lambda: cv2.bilateralFilter(f32, 7, 6000, 1.5),
    "clahe u8": lambda: clahe.apply(u8),
    "warp u16 nearest affine": warp(u16, cv2.INTER_NEAREST),
    "warp u8 linear affine": warp(u8, cv2.INTER_LINEAR),
    "warp u16 linear affine": warp(u16, cv2.INTER_LINEAR),
    "warp u16 cubic affine": warp(u16, cv2.INTER_CUBIC),
    "warp f32 cubic affine": warp(f32, cv2.INTER_CUBIC),
    "warp u16 cubic projective": lambda: cv2.warpPerspective(
        u16, projective, (n, n), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    ),
    "warp u16 lanczos affine": warp(u16, cv2.INTER_LANCZOS4),
}

if ndimage:
    operations["warp u16 bspline3 affine"] = spline

for line in sys.stdin:
    operation = operations.get(line.strip())
    began = time.perf_counter()
    if operation:
        operation()
    print((time.perf_counter() - began) * 1e3 if operation else "nan", flush=True)
