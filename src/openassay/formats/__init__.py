"""Bytes to plain structs: pure, bounded, never executing what they read.

The readers of weights take `read(offset, length) -> bytes` and the file's size, look at headers
only, and give back a frozen struct with `tensors`, `metadata` and `problems`. They raise
`bounded.FormatError` when nothing at all can be said about the input.
"""
