"""The exit statuses of `ecg-edge`."""

SUCCESS, NOT_READ, WRONG_USAGE, CANNOT_RUN = 0, 1, 2, 3
"""Exit statuses: done; a picture was refused or failed; wrong usage; the installation cannot do it."""
EXIT_STATUS = {"read": SUCCESS, "uncertain": SUCCESS, "refused": NOT_READ, "failed": NOT_READ}
"""The exit status of each status of a result."""
