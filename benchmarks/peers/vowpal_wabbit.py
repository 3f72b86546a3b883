"""Run Vowpal Wabbit with the given arguments; print the seconds it took after its import.

python vowpal_wabbit.py ARGUMENTS
"""

import sys
import time

import vowpalwabbit

start = time.perf_counter()
vowpalwabbit.Workspace(arg_list=sys.argv[1:]).finish()
print(time.perf_counter() - start)
