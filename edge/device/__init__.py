"""The device: camera, triggers, the loop that reads pages as they come, its settings and its service."""
