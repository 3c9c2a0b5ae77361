"""What `pyproject.toml` cannot say: the folders `sql/` and `expectations/` are installed as part of the package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["monitor*", "pipelines*"]), "monitor.sql", "monitor.expectations"],
    package_dir={"monitor.sql": "sql", "monitor.expectations": "expectations"},
)
