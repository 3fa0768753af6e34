"""Documents: a comparison as one HTML file, the reproduction as Markdown."""
