"""One operation of OpenCV for each line read, milliseconds for each line written. Arguments: raw gray file, side, thread count."""
import sys, time
import cv2, numpy as np

path, side, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
cv2.setNumThreads(threads)
image = np.fromfile(path, np.uint8).reshape(side, side)
sift, orb = cv2.SIFT_create(4000), cv2.ORB_create(4000)
keypoints, sift_codes = sift.detectAndCompute(image, None)
_, orb_codes = orb.detectAndCompute(image, None)
random = np.random.default_rng(1)
other_sift = np.clip(sift_codes + random.integers(-20, 21, sift_codes.shape), 0, 255).astype(np.float32)
other_orb = orb_codes ^ np.packbits(random.random((len(orb_codes), 256)) < 0.1, axis=1)

operations = {
    "sift detect": lambda: sift.detect(image, None),
    "sift describe": lambda: sift.compute(image, keypoints),
    "sift match": lambda: cv2.BFMatcher(cv2.NORM_L2).knnMatch(sift_codes, other_sift, 2),
    "orb": lambda: orb.detectAndCompute(image, None),
    "orb match": lambda: cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(orb_codes, other_orb, 2),
}
for line in sys.stdin:
    operation = operations[line.strip()]
    began = time.perf_counter()
    operation()
    print((time.perf_counter() - began) * 1000, flush=True)
