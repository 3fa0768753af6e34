"""How a TrainConfig becomes something that trains."""
