"""Measurements of the whole application, each against a reference of the same run.

python -m tests.benchmarks --photos FOLDER
"""
