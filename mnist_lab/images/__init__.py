"""From anything drawn or photographed to an image as networks take it: float32 (28, 28) in [0, 1], ink bright."""
