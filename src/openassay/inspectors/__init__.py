"""Inspectors: each module reads one kind of file and states facts, or says what it could not read.

A module offers ``NAME``, ``COMPONENTS`` (what a crash of it could hide) and ``wants`` with
``inspect``, or ``survey``, or both; ``read`` finds modules by name. None imports another.
"""
