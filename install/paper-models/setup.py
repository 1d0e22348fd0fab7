"""Files alone: the module beside them belongs to ecg-edge, and must stay when this distribution is removed."""

from setuptools import setup
from setuptools.command.build_py import build_py


class FilesAlone(build_py):
    """Copies the package's data and none of its modules."""

    def find_package_modules(self, package, package_dir):
        return []


setup(cmdclass={"build_py": FilesAlone})
