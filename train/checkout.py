"""Which version of the project is at work."""

import subprocess


def describe():
    """`git describe` of the checkout, with "-dirty" where files are changed; None outside of one."""
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
