"""Random texts that are mostly expressions."""

import ast
import math
import re

VARIABLES = [
    {"t": 0.0, "R": 10000.0, "bass": 0.25, "bass_prev": 1.0},
    {"t": 12.34, "R": 1.0, "bass": 0.0, "bass_prev": 0.7071067811865476},
    {"t": -2.5, "R": 3.0, "bass": 1.0, "bass_prev": -0.0},
    {"t": 1e10, "R": math.inf, "bass": 1e-300, "bass_prev": math.nan},
]

# Name, least and most arguments, what they are (n number, w whole number, s list), and the tolerance.
FUNCTIONS = (
    [(name, "n", 0) for name in "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log2 log10"
     " log1p sqrt cbrt erf erfc degrees radians floor ceil trunc fabs modf frexp isfinite isinf isnan abs round int float"
     " bool ulp".split()]
    + [(name, "nn", 0) for name in "atan2 fmod copysign remainder pow log max min isclose nextafter".split()]
    + [(name, "s", 0) for name in "fsum prod sum len list tuple sorted max min enumerate bool".split()]
    + [(name, "w", 0) for name in "factorial isqrt range perm gcd lcm".split()]
    + [(name, "ww", 0) for name in "comb perm gcd lcm range".split()]
    + [("ldexp", "nw", 0), ("round", "nw", 0), ("range", "www", 0), ("pow", "www", 0), ("pow", "ww", 0),
       ("zip", "ss", 0), ("max", "nnn", 0), ("min", "nnn", 0), ("enumerate", "sw", 0), ("sum", "sn", 0)]
)
# These are not the C library's in Python, or not in NumPy.
INEXACT = (
    [("gamma", "n", 64), ("lgamma", "n", 64), ("hypot", "nn", 1), ("hypot", "nnn", 1), ("dist", "22", 1), ("dist", "33", 1)]
    + [("np." + name, "N", 4) for name in "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2"
       " expm1 log log2 log10 log1p sqrt cbrt deg2rad radians rad2deg degrees sinc".split()]
    + [("np." + name, "N", 0) for name in "floor ceil trunc fix rint fabs abs absolute sign square negative isfinite isinf"
       " isnan round around positive signbit nan_to_num".split()]
    + [("np." + name, "NN", 1) for name in "maximum minimum fmax fmin".split()]  # of 0.0 and -0.0, either
    + [("np." + name, "NN", 0) for name in "divide true_divide copysign heaviside mod remainder"
       " fmod floor_divide add subtract multiply logical_and logical_or logical_xor less less_equal greater greater_equal equal"
       " not_equal".split()]
    + [("np." + name, "NN", 4) for name in "arctan2 hypot logaddexp logaddexp2".split()]
    + [("np." + name, "MM", 4) for name in "power float_power".split()]
    + [("np." + name, "WW", 0) for name in "gcd lcm bitwise_and bitwise_or bitwise_xor".split()]
    + [("np." + name, "Wc", 0) for name in "left_shift right_shift".split()]
    + [("np." + name, "W", 0) for name in "invert bitwise_not".split()]
    + [("np." + name, "s", 0) for name in "argmax argmin any all count_nonzero flip".split()]
    + [("np." + name, "sc", 0) for name in "roll repeat tile".split()]
    + [("np." + name, "s", 1) for name in "max min amax amin median array asarray".split()]
    + [("np." + name, "3", 16) for name in "sum prod mean average var std cumsum cumprod diff sort ptp"
       " linalg.norm".split()]
    + [("np.dot", "33", 16), ("np.where", "NNN", 0), ("np.clip", "NNN", 0), ("np.interp", "NI3", 1),
       ("np.linspace", "nnc", 1), ("np.arange", "nnp", 1), ("np.arange", "c", 0), ("np.zeros", "c", 0), ("np.ones", "c", 0),
       ("np.logical_not", "N", 0), ("np.reciprocal", "P", 0), ("np.nan_to_num", "N0nnn", 0), ("np.full", "cn", 0),
       ("np.concatenate", "L", 0), ("np.percentile", "3n", 16), ("np.quantile", "3q", 16), ("np.inner", "33", 16),
       ("np.cross", "33", 16), ("np.polyval", "3n", 16), ("np.polyval", "33", 16), ("np.logspace", "nnc", 16),
       ("np.geomspace", "nnc", 64)]
)
CONSTANTS = ["pi", "e", "tau", "inf", "True", "False", "np.pi", "np.e", "np.inf", "nan", "np.nan",
             "np.euler_gamma"]
NUMPY = {name for name, _, _ in INEXACT} | set(CONSTANTS)
BINARY = ["+", "-", "*", "/", "//", "%", "**"]
BITWISE = ["&", "|", "^", "<<", ">>"]
COMPARISONS = ["<", "<=", ">", ">=", "==", "!="]
TOKEN = re.compile(r"\s*([\w.]+|\*\*|//|<<|>>|[<>=!]=|\S)")
ARITY = {name: [len(parameters) for other, parameters, _ in FUNCTIONS if other == name] for name, _, _ in FUNCTIONS}


class Grammar:
    def __init__(self, random):
        self.random = random
        self.locals = []

    def choice(self, *options):
        return self.random.choice(options)

    def text(self):
        """A text, its tolerance, and whether it may not be an expression."""
        kind = self.random.random()
        self.locals = []
        if kind < 0.06:
            return *self.of_array(), False
        if kind < 0.2:
            return *self.inexact(), False
        if kind < 0.35:
            return self.changed(self.any(self.random.randrange(1, 4), plain=True)), 0, True
        return self.any(self.choice(1, 2, 2, 3, 3, 4)), 0, False

    def changed(self, text):
        """With a word or two removed, doubled, exchanged or replaced."""
        words = TOKEN.findall(text)
        for _ in range(self.choice(1, 1, 2)):
            place = self.random.randrange(len(words) + 1)
            action = self.random.randrange(4)
            new = self.choice("(", ")", "[", "]", ",", ":", "if", "else", "not", "in", "and", "for", "lambda", "i", "*",
                              "**", "-", "~", "<", "1", "2.5", "t", "is", ".", "=", "sin", "", "1_0", "07", "1__0", "0x", "1e",
                              "!", "None", "==", "is not", "not in")
            if action == 0:
                words.insert(place, new)
            elif action == 1 and words:
                del words[min(place, len(words) - 1)]
            elif place < len(words):
                words[place] = new if action == 2 else words[self.random.randrange(len(words))]
        return " ".join(words).strip() or "("

    def inexact(self):
        name, parameters, tolerance = self.choice(*INEXACT)
        same = self.random.randrange(1, 5)
        arguments = []
        for parameter in parameters:
            if parameter == "N":
                arguments.append(self.list_of(same, 0) if self.random.random() < 0.4 else self.atom(False))
            elif parameter == "M":
                arguments.append(self.finite_list(same) if self.random.random() < 0.4 else self.finite())
            elif parameter == "W":
                whole = [str(self.random.randrange(-9, 99)) for _ in range(same)]
                arguments.append(f"[{', '.join(whole)}]" if self.random.random() < 0.4 else whole[0])
            elif parameter == "P":
                arguments.append(self.choice("1", "-1", "3", "0.5", "-0.3", "1e300", "inf", "[1, 2]", "[0.5, 0]"))
            elif parameter == "L":
                arguments.append("[" + ", ".join(self.finite_list(self.random.randrange(0, 4)) for _ in range(same)) + "]")
            elif parameter == "q":
                arguments.append(self.choice("0.0", "0.25", "0.5", "0.9", "1.0", "1.5", "-0.1"))
            elif parameter == "0":
                arguments.append("True")
            elif parameter in "23":
                arguments.append(self.finite_list(int(parameter)))
            elif parameter == "I":
                arguments.append(str(sorted(self.random.uniform(-3, 3) for _ in range(3))))
            elif parameter == "p":
                arguments.append(self.choice("1", "-1", "0.5", "0.3", "-0.25", "2", "0"))
            elif parameter == "c":
                arguments.append(str(self.random.randrange(0, 9)))
            elif parameter == "s":
                arguments.append(self.list_of(same, 0))
            else:
                arguments.append(self.finite())
        # NumPy does not always take truth for numbers, its whole numbers wrap, and nan as a bound is as it pleases.
        text = ", ".join(arguments).replace("True", "1").replace("False", "0")
        text = re.sub(r"(?<![\w.])[0-9]{9,}(?![\w.])", "7", text)
        if name == "np.clip":
            text = re.sub(r"bass_prev|\b(np\.)?nan\b", "bass", text)
        return f"{name}({text})", tolerance

    def finite(self):
        return self.choice(str(self.random.randrange(-5, 9)), repr(round(self.random.uniform(-9, 9), 3)), "0.5", "t / 1e9")

    def finite_list(self, length):
        return "[" + ", ".join(self.finite() for _ in range(length)) + "]"

    def of_array(self):
        text = self.array(self.choice(1, 2, 3), self.random.randrange(1, 5))
        kind = self.random.random()
        if kind < 0.5:
            return text, 0
        if kind < 0.65:
            return f"({text}) ** {self.choice('2', '3', '0', '-1', '0.5', '-1.5', '[1, 2]')}", 4
        if kind < 0.9:
            name = self.choice("sum", "max", "min", "len", "list", "np.sum", "np.max", "np.any", "np.sort", "abs")
            return f"{name}({text})", int(name == "np.max")  # of 0.0 and -0.0, either
        return self.choice(f"({text})[{self.random.randrange(-4, 4)}]", f"[-x for x in {text}]", f"0 < ({text}) < 5",
                           f"not ({text})", f"2 in ({text})", f"({text}) and t", f"1 if ({text}) else 2"), 0

    def array(self, depth, length):
        """Whose elements stay small: NumPy's whole numbers wrap."""
        kind = self.random.random()
        if depth <= 0 or kind < 0.1:
            return self.choice(f"np.array({self.finite_list(length)})", f"np.arange({length})", f"np.linspace(-1, 2, {length})",
                               f"np.array([{', '.join(self.choice('True', 'False', '2 > 1') for _ in range(length))}])")
        inner = self.array(depth - 1, length)
        if kind < 0.8:
            other = self.choice(self.array(depth - 1, length), self.finite(), self.finite_list(length), self.finite_list(2))
            operator = self.choice(*"+-*/%", "//", self.choice(*COMPARISONS, "&", "|", "^"))
            sides = [f"({inner})", f"({other})"]
            self.random.shuffle(sides)
            return f" {operator} ".join(sides)
        if kind < 0.9:
            return f"{self.choice('-', '+', '~')}({inner})"
        if kind < 0.95:
            places = [self.choice("", str(self.random.randrange(-4, 5))) for _ in range(self.choice(2, 3))]
            return f"({inner})[{':'.join(places)}]"
        return f"np.where({inner}, {self.array(depth - 1, length)}, {self.finite()})"

    def list_of(self, length, depth):
        return "[" + ", ".join(self.number(depth) for _ in range(length)) + "]"

    def any(self, depth, plain=False):
        kind = self.random.random()
        if kind < 0.12 and not plain:
            return self.list(depth)
        if kind < 0.2:
            return self.truth(depth)
        if kind < 0.3:
            return self.whole(depth)
        return self.number(depth)

    def inner(self, text):
        """In brackets, or left to the order of operators."""
        kind = self.random.random()
        return f"({text})" if kind < 0.6 else f"( {text} )" if kind < 0.65 else text

    def atom(self, whole):
        kind = self.random.random()
        if self.locals and kind < 0.4:
            return self.random.choice(self.locals)
        if whole or kind < 0.55:
            return self.whole_literal()
        if kind < 0.75:
            return self.real_literal()
        return self.random.choice(CONSTANTS + list(VARIABLES[0]) * 3)

    def whole_literal(self):
        kind = self.random.random()
        if kind < 0.82:
            return str(self.random.randrange(0, 12))
        if kind < 0.92:
            number = self.random.randrange(0, 5000)
            return self.choice(hex(number), oct(number), bin(number), hex(number).upper().replace("X", "x"), f"{number:_}",
                               f"0B{number:_b}", f"0X_{number:x}", "0", "00")
        if kind < 0.995:
            return str(self.choice(2**31, 2**53, 2**53 + 1, 2**62, 2**63 - 1, 10**18, 12345678901234567, 99, 1000))
        return str(self.choice(2**63, 10**30))

    def real_literal(self):
        number = self.random.uniform(0, 10)
        return self.choice(repr(number), f"{number:.2f}", f"{number:.0f}.", f".{self.random.randrange(99)}", f"{number:.1e}", f"{number:.3E}",
                           "0.5", "1.5", "2.5", "0.0", "1e300", "5e-324", "1e-7", "1_0.2_5", "1e999", "9007199254740993.0",
                           f"{self.random.uniform(-1, 1) * 10.0 ** self.random.randrange(-300, 300):.17g}".lstrip("-"), "1E5")

    def number(self, depth):
        if depth <= 0:
            return self.atom(False)
        kind = self.random.random()
        if kind < 0.42:
            return f"{self.inner(self.number(depth - 1))} {self.random.choice(BINARY)} {self.inner(self.number(depth - 1))}"
        if kind < 0.5:
            return self.choice("-", "+", "- -") + self.inner(self.number(depth - 1))
        if kind < 0.72:
            return self.call(depth)
        if kind < 0.78:
            return f"{self.inner(self.number(depth - 1))} if {self.truth(depth - 1)} else {self.inner(self.any(depth - 1))}"
        if kind < 0.83:
            return f"{self.inner(self.any(depth - 1))} {self.choice('and', 'or')} {self.inner(self.any(depth - 1))}"
        if kind < 0.87:
            index = self.choice("0", "-1", "1", self.whole(depth - 1))
            return f"{self.choice(self.list(depth - 1), '(' + self.list(depth - 1) + ')')}[{index}]"
        if kind < 0.9:
            return self.call_of_lambda(depth)
        return self.whole(depth)

    def whole(self, depth):
        if depth <= 0:
            return self.atom(True)
        kind = self.random.random()
        operators = BITWISE + BINARY if kind < 0.6 else ["+", "-", "//", "%"]
        if kind < 0.8:
            return f"{self.inner(self.whole(depth - 1))}{self.random.choice(operators)}{self.inner(self.whole(depth - 1))}"
        if kind < 0.9:
            return self.choice("~", "-", "+", "not ") + self.inner(self.whole(depth - 1))
        return f"{self.choice('floor', 'ceil', 'int', 'round', 'len', 'trunc')}({self.any(depth - 1)})"

    def truth(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.1:
            return self.atom(False)
        if kind < 0.6:
            links = "".join(f" {self.random.choice(COMPARISONS)} {self.inner(self.number(depth - 1))}"
                            for _ in range(self.choice(1, 1, 2, 3)))
            return self.inner(self.number(depth - 1)) + links
        if kind < 0.7:
            return f"not {self.inner(self.truth(depth - 1))}"
        if kind < 0.8:
            return f"{self.inner(self.number(depth - 1))} {self.choice('in', 'not in')} {self.list(depth - 1)}"
        if kind < 0.85:
            return f"{self.list(depth - 1)} {self.random.choice(COMPARISONS)} {self.list(depth - 1)}"
        return f"{self.inner(self.truth(depth - 1))} {self.choice('and', 'or')} {self.inner(self.truth(depth - 1))}"

    def call(self, depth):
        name, parameters, _ = self.choice(*FUNCTIONS)
        makers = {"n": self.any if self.random.random() < 0.1 else self.number, "w": self.whole, "s": self.list}
        arguments = [makers[parameter](depth - 1 if i == 0 else min(depth - 1, 1)) for i, parameter in enumerate(parameters)]
        if name == "round" and len(arguments) == 2 and self.random.random() < 0.7:
            arguments[1] = str(self.random.randrange(-4, 8))
        if name == "sorted" and self.random.random() < 0.5:
            arguments.append("reverse=" + self.choice("True", "False", "1", "0", "t > 1", "bass"))
        if name == "sum" and len(arguments) == 2 and self.random.random() < 0.5:
            arguments[1] = "start=" + arguments[1]
        if name in ("max", "min") and self.random.random() < 0.3:
            arguments[0] = f"*[{arguments[0]}, {arguments[-1]}]"
        return f"{name}({', '.join(arguments)})"

    def call_of_lambda(self, depth):
        names = self.random.sample(["x", "y", "t", "sin"], self.random.randrange(0, 3))
        arguments = [self.any(depth - 2) for _ in names]
        if self.random.random() < 0.05:
            arguments.append("1")
        kept = list(self.locals)
        self.locals += [name for name in names if name != "sin"]
        body = self.any(depth - 1)
        if self.random.random() < 0.2:
            body = f"(lambda y: {self.number(depth - 2)} + y)({body})"
        self.locals = kept
        return f"(lambda {', '.join(names)}: {body})({', '.join(arguments)})"

    def list(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.4:
            length = self.random.randrange(0, 4)
            if self.random.random() < 0.2:
                return "(" + "".join(self.any(depth - 1) + ", " for _ in range(length)) + ")"
            return "[" + ", ".join(self.any(depth - 1) for _ in range(length)) + self.choice("", "", ", " if length else "") + "]"
        if kind < 0.75:
            return self.comprehension(depth)
        if kind < 0.83:
            places = [self.choice("", str(self.random.randrange(-4, 5)), self.whole(0)) for _ in range(self.choice(2, 2, 3))]
            return f"{self.list(depth - 1)}[{':'.join(places)}]"
        if kind < 0.88:
            return f"{self.list(depth - 1)} * {self.choice('2', '0', self.atom(True))}"
        if kind < 0.93:
            return f"{self.list(depth - 1)} + {self.list(depth - 1)}"
        if kind < 0.96:
            return f"[*{self.list(depth - 1)}, {self.any(depth - 1)}, *{self.list(0)}]"
        return self.choice(f"sorted({self.list(depth - 1)})", f"range({self.whole_literal()})", f"list({self.list(depth - 1)})",
                           f"tuple({self.list(depth - 1)})")

    def comprehension(self, depth):
        kept = list(self.locals)
        loops = ""
        for _ in range(self.choice(1, 1, 1, 2)):
            source = self.choice(f"range({self.random.randrange(0, 5)})", self.list(depth - 1))
            name = self.choice("i", "k", "x")
            if self.random.random() < 0.2:
                target, source = f"{name}, m", self.choice(f"enumerate({source})", f"zip({source}, {self.list(0)})", source)
                self.locals.append("m")
            else:
                target = name
            self.locals.append(name)
            loops += f" for {target} in {self.inner(source)}"
            if self.random.random() < 0.3:
                loops += f" if {self.inner(self.truth(depth - 1))}"
        element = self.any(depth - 1)
        self.locals = kept
        if self.random.random() < 0.25:
            return self.choice("sum", "list", "max", "min", "fsum", "tuple", "prod") + f"({element}{loops})"
        return f"[{element}{loops}]"


PLAIN = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.List, ast.Tuple, ast.Starred, ast.Slice, ast.Load,
         ast.Store, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


def supported(node, names):
    """Is this among what expressions of settings have, with all names known and all calls complete?"""
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, (bool, int, float))
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Attribute):
        return ast.unparse(node) in NUMPY
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in ARITY and not any(isinstance(x, ast.Starred) for x in node.args):
            if not min(ARITY[node.func.id]) <= len(node.args) + len(node.keywords) <= max(ARITY[node.func.id]):
                return False
        elif isinstance(node.func, ast.Name) and not node.args:
            return False
        parts = [node.func, *node.args, *[k.value for k in node.keywords]]
        return all(k.arg for k in node.keywords) and all(supported(x, names) for x in parts)
    if isinstance(node, ast.Subscript):
        return not isinstance(node.slice, ast.Tuple) and supported(node.value, names) and supported(node.slice, names)
    if isinstance(node, ast.Lambda):
        a = node.args
        if a.defaults or a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs:
            return False
        return supported(node.body, names | {x.arg for x in a.args})
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        if not supported(node.generators[0].iter, names):
            return False
        inside = names | {x.id for loop in node.generators for x in ast.walk(loop.target) if isinstance(x, ast.Name)}
        targets = all(isinstance(x, (ast.Name, ast.Tuple, ast.List, ast.Store)) for loop in node.generators for x in ast.walk(loop.target))
        parts = [node.elt] + [x for i, loop in enumerate(node.generators) for x in loop.ifs + [loop.iter] * (i > 0)]
        return targets and all(supported(x, inside) for x in parts)
    if isinstance(node, (ast.Is, ast.IsNot, ast.MatMult)):
        return False
    return isinstance(node, PLAIN) and all(supported(x, names) for x in ast.iter_child_nodes(node))
