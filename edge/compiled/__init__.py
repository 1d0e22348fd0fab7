"""Loops over pixels and columns that are compiled where there is a compiler."""
