"""The inner loops, compiled to native code: arrays and scalars in, arrays and scalars out.

A kernel knows no config, no strings and no scipy. It allocates nothing: its caller passes arrays
for its results and its workspace. As plain Python it means the same, which the tests check.
`compiled` calls kernels, `native` compiles them; each other file is named after its caller.
"""
