"""From a picture to a flat page and its ink: finding the page, laying it flat, taking the grid away, and how well it can be read."""
