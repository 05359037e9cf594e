"""Reads pictures with zxing-cpp, zbar and OpenCV, for `cargo bench --bench scan`.

A path of a picture comes in on each line; a line of JSON with each engine's texts and its
milliseconds goes out. Needs `pip install zxing-cpp pyzbar opencv-python-headless` and libzbar.
"""

import json
import sys
import time

import cv2
import zxingcpp
from pyzbar import pyzbar

OPENCV = cv2.QRCodeDetector()


def zxing(picture):
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return [one.text for one in found]


def zbar(picture):
    found = pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [one.data.decode("utf-8", "replace") for one in found]


def opencv(picture):
    text, _corners, _straight = OPENCV.detectAndDecode(picture)
    return [text] if text else []


ENGINES = {"zxing-cpp": zxing, "zbar": zbar, "opencv": opencv}


def read(engine, picture):
    start = time.perf_counter()
    try:
        texts = engine(picture)
    except Exception:  # OpenCV raises on some pictures: that is a symbol that it did not read.
        texts = []
    return {"texts": texts, "ms": (time.perf_counter() - start) * 1e3}


for line in sys.stdin:
    picture = cv2.imread(line.rstrip("\n"), cv2.IMREAD_GRAYSCALE)
    answer = {name: read(engine, picture) for name, engine in ENGINES.items()}
    print(json.dumps(answer), flush=True)
