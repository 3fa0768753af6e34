"""Trains networks. Imports TensorFlow."""
