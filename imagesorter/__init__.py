"""Imagesorter: sort photographs by any attribute that can be typed."""

import os

__version__ = "0.1.0"

# before torch is imported: operations that Apple's GPUs lack run on the CPU instead of failing
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")

# torch's threads fall asleep soon where they wait for each other: with the 300,000 turns of spinning that are
# libgomp's own, one busy program beside this one makes a query four to forty times slower
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
