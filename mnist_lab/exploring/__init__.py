"""What goes on inside a network: facts for the Explore page, most of them without TensorFlow."""
