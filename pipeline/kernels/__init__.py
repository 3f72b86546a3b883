"""Native loops over arrays and scalars; the file of the same name in another package calls them.

A kernel knows no config, no strings and no scipy. It allocates nothing: its caller passes arrays
for its results and its workspace. As plain Python it means the same, which the tests check.
`compiled` calls kernels, `native` compiles them; each other file is named after its caller.
"""
