"""Tactline."""

import os

# ONNX Runtime's official builds report to their maker, and keep a device id in the user's cache folder,
# unless they find this when they are imported (Privacy.md of the package). Whatever is set outside: a
# service that reads client mail calls nobody unasked.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
