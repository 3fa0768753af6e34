"""The Explore page: `choosing` chooses a run and an image, every other module is one view of the two."""
