"""How onnx/models.yaml is divided between the scripts that write it."""

# Models that are not from MediaPipe's wheel follow this line; the scripts in train/ write them.
TRAINED = "  # Trained for Parure: see train/.\n"
