"""Which lead stands where on a flat page: its layout, and the paper speed and gain it was printed at."""
