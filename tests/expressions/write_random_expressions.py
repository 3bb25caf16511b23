"""Writes random expressions and what Python makes of them, one a line:

    variables TAB tolerance TAB outcome TAB text

`variables` is the number of the set of values, which the first lines give, before a line with the names in Python's
module math. `tolerance` is in units in the last place.
An outcome is a value (b 1, i 5, f 0x1.8p+1, n, or l/t/a with the number of elements and then these), or
"E kind first end": an error, whose column is in first..end; or "S": no Python expression.

Python computes each value step by step, so that the three things that are different here are known: whole numbers end at
64 bits (kind B), complex numbers are errors (C), and long lists are (L). Generators, range, zip and enumerate are lists.
"""

import ast
import builtins
import itertools
import math
import operator
import os
import random
import re
import sys
import warnings

import numpy as np

import expression_grammar
from expression_grammar import VARIABLES

warnings.simplefilter("ignore")
warnings.simplefilter("error", DeprecationWarning)  # NumPy's, of what has become an error in later versions
np.seterr(all="ignore")
LONGEST = 100_000


def with_floats(function):
    def floats(*arguments):
        result = function(*arguments)
        return result.astype(float) if result.dtype.kind in "biu" else result

    return floats


if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
    # They keep whole numbers since then. Expressions are what they were to PyTTI: floats.
    for name in ("ceil", "fix", "floor", "trunc"):
        setattr(np, name, with_floats(getattr(np, name)))


class Big(Exception):
    pass


class Complex(Exception):
    pass


class Long(Exception):
    pass


class Undefined(Exception):
    """Not to be compared: Python's own affair, as the order that nan sorts to, or too much work."""


KINDS = {Big: "B", Complex: "C", Long: "L", ZeroDivisionError: "Z", OverflowError: "O", ValueError: "V",
         TypeError: "T", IndexError: "I", NameError: "N", UnboundLocalError: "N"}


steps_left = 0


def check(value):
    """The value of a part of an expression, if it can be one here."""
    global steps_left
    steps_left -= 1
    kind = type(value)
    if steps_left < 0 or kind in (list, tuple) and 1_000 < len(value) <= LONGEST:
        raise Undefined
    if kind is float:
        return value * 1.0  # another object: Python's lists find nan equal to itself if it is the same object
    if kind is int:
        if not -(2**63) <= value < 2**63:
            raise Big
    elif kind is complex:
        raise Complex
    elif isinstance(value, np.generic) or kind is np.ndarray and value.ndim == 0:
        return check(value.item())
    elif kind in (list, tuple) and len(value) > LONGEST:
        raise Long
    elif kind is np.ndarray and value.size == 0:
        raise Undefined  # of what type
    return value


def multiply(a, b):
    for sequence, count in ((a, b), (b, a)):
        if isinstance(sequence, (list, tuple)) and isinstance(count, int) and len(sequence) * count > 1_000:
            raise Long if len(sequence) * count > LONGEST else Undefined
    return check(a * b)


def power(a, b):
    if isinstance(a, int) and isinstance(b, int) and b >= 64 and abs(a) > 1:
        raise Big
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and a < 0 and b != int(b if abs(b) < 1e300 else 0):
        if not (math.isinf(a) or math.isinf(b)) and abs(b) < 1e300:
            raise Complex
    return check(a**b)


def shift(a, b):
    if isinstance(a, int) and isinstance(b, int) and b > 100 and a != 0:
        raise Big
    return check(a << b)


def pow(a, b, modulus=None):
    if modulus is not None:
        if isinstance(a, int) and isinstance(b, int) and isinstance(modulus, int) and b < 0:
            raise ValueError
        return builtins.pow(a, b, modulus)
    try:
        return power(a, b)
    except Big:
        return power(float(a), float(b))


def total(values, start=0):
    for value in values:
        start = check(start + value)
    return start


def prod(values, start=1):
    for value in values:
        start = multiply(start, value)
    return start


def lcm(*values):
    result = 1
    for value in values:
        result = check(math.lcm(result, value))
    return result


def gcd(*values):
    result = 0
    for value in values:
        result = check(math.gcd(result, value))
    return result


def factorial(n):
    if isinstance(n, int) and n > 30:
        raise Big
    return math.factorial(n)


def comb(n, k):
    if isinstance(n, int) and isinstance(k, int) and min(k, n - k) > 100:
        raise Big
    return math.comb(n, k)


def perm(n, k=None):
    if isinstance(n, int) and (k is None and n > 30 or isinstance(k, int) and 30 < k <= n):
        raise Big
    return math.perm(n, k)


def rounded(number, digits=None):
    if isinstance(number, int) and isinstance(digits, int) and digits < -30:
        return 0
    return round(number, digits)


def short_range(*args):
    result = range(*args)
    length = (result[-1] - result[0]) // result.step + 1 if result else 0
    if length > 1_000:
        raise Long if length > LONGEST else Undefined
    return list(result)


def ordered(values, reverse=False):
    if any(isinstance(x, float) and math.isnan(x) for value in values for x in (value if isinstance(value, tuple) else [value])):
        raise Undefined
    reverse = operator.index(reverse)  # from Python 3.12 on, anything will do
    if not -(2**31) <= reverse < 2**31:
        raise OverflowError
    return sorted(values, reverse=reverse)


SCOPE = {name: getattr(math, name) for name in dir(math) if "_" not in name}
SCOPE |= {name: getattr(builtins, name) for name in ("abs", "max", "min", "len", "int", "float", "bool", "list", "tuple")}
SCOPE |= {"round": rounded, "pow": pow, "sum": total, "prod": prod, "lcm": lcm, "gcd": gcd, "comb": comb, "perm": perm,
          "factorial": factorial, "range": short_range, "sorted": ordered, "zip": lambda *args: list(zip(*args)),
          "enumerate": lambda *args, **start: [(check(i), x) for i, x in enumerate(*args, **start)], "np": np}
NAMES = SCOPE.keys() | VARIABLES[0].keys()
HELPERS = {"__check": check, "__multiply": multiply, "__power": power, "__shift": shift, "__builtins__": {"__import__": __import__}}
UNCHANGED = {"R", "bass", "pi", "e", "tau", "inf"}  # whose values need no check
REPLACED = {ast.Pow: "__power", ast.LShift: "__shift", ast.Mult: "__multiply"}


def placed(node, like):
    node.lineno, node.col_offset = like.lineno, like.col_offset
    node.end_lineno, node.end_col_offset = like.end_lineno, like.end_col_offset
    return node


def called(name, node, *args):
    return placed(ast.Call(placed(ast.Name(name, ast.Load()), node), list(args), []), node)


def watched(node, places):
    """The same expression with every value checked; where errors of a node may be goes to `places`."""
    kind = type(node)
    if kind is ast.Starred:
        node.value = watched(node.value, places)
        return node
    if kind is ast.Slice:
        node.lower, node.upper, node.step = (x and watched(x, places) for x in (node.lower, node.upper, node.step))
        return node
    if kind is ast.Constant or kind is ast.Name and (node.id in UNCHANGED or isinstance(node.ctx, ast.Store)):
        return node
    if kind is ast.Name:
        return called("__check", node, node)
    span = node.col_offset, node.end_col_offset
    if kind is ast.BinOp:
        places[span] = node.left.end_col_offset, node.right.col_offset
        node.left, node.right = watched(node.left, places), watched(node.right, places)
        if type(node.op) in REPLACED:
            return called(REPLACED[type(node.op)], node, node.left, node.right)
    elif kind is ast.Call:
        if not any(isinstance(x, ast.Starred) for x in node.args):
            places[span] = node.col_offset, node.func.end_col_offset
        if type(node.func) not in (ast.Name, ast.Attribute):
            node.func = watched(node.func, places)
        node.args = [watched(x, places) for x in node.args]
        for keyword in node.keywords:
            keyword.value = watched(keyword.value, places)
    elif kind is ast.UnaryOp:
        places[span] = node.col_offset, node.end_col_offset if type(node.op) is ast.Not else node.operand.col_offset
        node.operand = watched(node.operand, places)
    elif kind is ast.Compare:
        places[span] = node.left.end_col_offset, node.end_col_offset
        node.left = watched(node.left, places)
        node.comparators = [watched(x, places) for x in node.comparators]
    elif kind is ast.BoolOp:
        node.values = [watched(x, places) for x in node.values]
    elif kind is ast.IfExp:
        node.test, node.body, node.orelse = (watched(x, places) for x in (node.test, node.body, node.orelse))
    elif kind in (ast.List, ast.Tuple):
        if isinstance(node.ctx, ast.Store):
            return node
        node.elts = [watched(x, places) for x in node.elts]
    elif kind is ast.Subscript:
        places[span] = node.value.end_col_offset, node.slice.col_offset
        node.value, node.slice = watched(node.value, places), watched(node.slice, places)
    elif kind is ast.Lambda:
        node.body = watched(node.body, places)
        return node
    elif kind in (ast.ListComp, ast.GeneratorExp):
        node.elt = watched(node.elt, places)
        for loop in node.generators:
            loop.iter = watched(loop.iter, places)
            loop.ifs = [watched(x, places) for x in loop.ifs]
        node = placed(ast.ListComp(node.elt, node.generators), node)
    return called("__check", node, node)


def encoded(value):
    if value is None:
        return "n"
    if isinstance(value, np.ndarray):
        return " ".join([f"a {len(value)}"] + [encoded(x) for x in value.tolist()])
    if isinstance(value, bool):
        return f"b {int(value)}"
    if isinstance(value, int):
        return f"i {value}"
    if isinstance(value, float):
        return f"f {value.hex()}"
    if isinstance(value, (list, tuple)):
        return " ".join([f"{'l' if isinstance(value, list) else 't'} {len(value)}"] + [encoded(x) for x in value])
    raise Undefined  # a function


def outcome(text, changed, variables):
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return "S"
    if changed and not expression_grammar.supported(tree.body, NAMES):
        raise Undefined
    for whole in re.finditer(r"(?<![\w.])[0-9]{19,}(?![.\w])", text):
        if int(whole[0]) >= 2**63:  # an error even where it is not evaluated
            return f"E B {whole.start()} {whole.end()}"
    places = {}
    tree.body = watched(tree.body, places)
    try:
        code = compile(tree, "<text>", "eval")
    except SyntaxError:  # as of a lambda with two parameters of one name
        return "S"
    global steps_left
    steps_left = 3_000
    try:
        return encoded(check(eval(code, SCOPE | variables | HELPERS)))
    except DeprecationWarning:
        raise Undefined
    except tuple(KINDS) as error:
        if type(error) not in KINDS:
            raise Undefined
        span = (0, len(text))
        traceback = error.__traceback__
        while traceback:
            if traceback.tb_frame.f_code.co_filename == "<text>":
                _, _, *span = list(traceback.tb_frame.f_code.co_positions())[traceback.tb_lasti // 2]
            traceback = traceback.tb_next
        first, end = places.get(tuple(span), span)
        return f"E {KINDS[type(error)]} {first} {end}"


def lines(grammar):
    """Without end."""
    while True:
        text, tolerance, changed = grammar.text()
        number = grammar.random.randrange(len(VARIABLES))
        try:
            yield f"{number}\t{tolerance}\t{outcome(text, changed, VARIABLES[number])}\t{text}\n"
        except (Undefined, RecursionError):
            pass


if __name__ == "__main__":
    with open(os.path.join(sys.argv[1], "expressions.tsv"), "w") as file:
        for values in VARIABLES:
            file.write("\t".join(f"{name} {value.hex()}" for name, value in values.items()) + "\n")
        file.write(" ".join(name for name in dir(math) if "_" not in name) + "\n")
        seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20
        grammar = expression_grammar.Grammar(random.Random(seed))
        file.writelines(itertools.islice(lines(grammar), 100_000))
