"""The page in the browser and the interface for programs. What it needs comes with the extra `serve`."""
