"""The canvas and other ways in for a picture, for Draw and Explore."""
