"""Files as people have them: which kind each is, and its pages as pictures."""
