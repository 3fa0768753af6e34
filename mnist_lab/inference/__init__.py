"""What a trained model answers, and how far to believe it. LiteRT and NumPy."""
