"""What the operating system gives: processes, locks, files that survive, the machine and its board."""
