"""Imagesorter: sort photographs by any attribute that can be typed."""

import os

__version__ = "0.1.0"

# before torch is imported: operations that Apple's GPUs lack run on the CPU instead of failing
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
