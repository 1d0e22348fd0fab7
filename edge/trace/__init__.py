"""From a page's ink to signals in millivolts."""
