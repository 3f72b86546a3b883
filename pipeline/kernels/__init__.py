"""Everything that numba compiles: arrays and scalars in, arrays and scalars out.

A kernel knows no config, no strings and no scipy. It is compiled on its first
call and cached on disk beside its file. The cache notices an edit of the file
a kernel stands in and of no other, so a kernel calls only kernels of its own file.
Where an inner loop is hot it has a function of its own that no array is
reassigned in: numba counts references on each reassignment, and that costs more
than the loop.
"""
