"""Least sums of assignments by SciPy. Reads matrices from standard input, each a line "rows columns" and a line of all
its numbers; prints one sum a line."""

import sys

import numpy as np
from scipy.optimize import linear_sum_assignment

while shape := sys.stdin.readline().split():
    cost = np.array(sys.stdin.readline().split(), dtype=float).reshape([int(side) for side in shape])
    print(repr(float(cost[linear_sum_assignment(cost)].sum())))
