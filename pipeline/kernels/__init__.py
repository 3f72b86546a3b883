"""The inner loops, compiled to native code: arrays and scalars in, arrays and scalars out.

A kernel knows no config, no strings and no scipy, and it allocates nothing: its caller gives
it room to work in and to write to. `compiled` says how it becomes native code. As Python it
means the same, which the tests check.
"""
