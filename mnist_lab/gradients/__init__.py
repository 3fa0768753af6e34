"""Answers questions about a trained network that take its gradients. Imports TensorFlow."""
