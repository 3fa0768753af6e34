"""What can be asked of a training, a grid or a search."""
