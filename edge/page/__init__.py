"""From a picture to a flat page and its ink: finding and flattening the page, removing the grid, and the quality of the page."""
