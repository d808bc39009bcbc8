"""The collector under hostile input.

The invariant: any bytes give a model that survives every encoding of it, or InvalidOtlp, PayloadTooLarge or
UnsupportedMediaType, in bounded time and memory.
"""
