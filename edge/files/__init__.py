"""Files as people have them: which kind each is, its pages as pictures, or the leads of a digital ECG."""
