"""Times libqrencode on bytes at level M, for `cargo bench --bench code`.

Each argument is a length in bytes; a line "LENGTH MICROSECONDS" goes out for each: the median of
60 rounds of 50 symbols. A call through ctypes costs about a microsecond of it.
"""

import ctypes
import statistics
import sys
import time

LIBRARY = ctypes.CDLL("libqrencode.so.4")
LIBRARY.QRcode_encodeData.restype = ctypes.c_void_p
LIBRARY.QRcode_free.argtypes = [ctypes.c_void_p]
LEVEL_M = 1
SYMBOLS = 50


def round_us(text):
    start = time.perf_counter()
    for _symbol in range(SYMBOLS):
        LIBRARY.QRcode_free(LIBRARY.QRcode_encodeData(len(text), text, 0, LEVEL_M))
    return (time.perf_counter() - start) / SYMBOLS * 1e6


for length in map(int, sys.argv[1:]):
    rounds = [round_us(b"x" * length) for _round in range(60)]
    print(length, statistics.median(rounds))
