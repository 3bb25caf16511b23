#!/usr/bin/env python3
"""Finds names of types that are defined more than once.

    one_definition.py [FOLDER...]

Two different definitions of a class in one program break C++'s one-definition rule: the linker keeps one of their
inline functions for both, with no message. So that it cannot happen, wherever a file may be linked some day, no type
has the same qualified name twice in the whole tree. This reads every C++ file below the folders and lists each class,
struct, union, enumeration and alias that named namespaces hold in two places; it exits with 1 where there are any.
Types in unnamed namespaces and in functions are a file's own, and forward declarations define nothing.
"""
import collections
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = [ROOT / name for name in ("sdk", "host", "plugins", "tests", "tools", "benchmarks", "examples")]

# Comments, strings (which may hold braces) and preprocessor lines.
SKIPPED = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])+'"""
    r"""|^[ \t]*\#(?:[^\n\\]|\\\n|\\.)*""", re.S | re.M)
WORD = re.compile(r"[A-Za-z_]\w*|::|\[\[.*?\]\]|\S", re.S)

BODY = None  # what a brace opens that is neither a namespace nor a class


def definitions(text):
    """Qualified names of the types that a text defines in named namespaces, each with its line."""
    text = SKIPPED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    line_of = lambda match: text.count("\n", 0, match.start()) + 1
    scopes = []  # for each open brace: the name of its namespace or class, "" if it has none
    words = []  # since the last ; { or }
    for match in WORD.finditer(text):
        word = match[0]
        visible = BODY not in scopes and "" not in scopes
        if word == "{":
            kind, name = scope_of(words)
            if kind == "type" and name and visible:
                yield "::".join([*filter(lambda s: s != ":", scopes), name]), line_of(match)
            scopes.append(name)
        elif word == "}":
            scopes[-1:] = []
        elif word == ";":
            words = without_template(words)
            if visible and words[:1] == ["using"] and words[2:3] == ["="] and not words[1:2] == ["namespace"]:
                yield "::".join([*filter(lambda s: s != ":", scopes), words[1]]), line_of(match)
        elif not word.startswith("[["):
            words.append(word)
            continue
        if not word.startswith("[["):
            words = []


def scope_of(words):
    """("namespace", name), ("type", name) or ("body", BODY): what a brace after these words opens."""
    words = without_template(words)
    while words[:1] in (["inline"], ["typedef"], ["static"]):
        words = words[1:]
    if words == ["extern"]:  # extern "C"
        return "namespace", ":"
    if words[:1] == ["namespace"]:
        return "namespace", "".join(words[1:])
    if words[:1] == ["enum"] and words[1:2] and words[1] in ("class", "struct"):
        words = words[1:]
    if words[:1] not in (["class"], ["struct"], ["union"], ["enum"]):
        return "body", BODY
    # An attribute's macro may come before the name; `final` and base classes may follow it.
    name, depth = [], 0
    for word in words[1:]:
        depth += (word in "<(") - (word in ">)")
        if word == ":" and depth == 0:
            break
        if word == "=" and depth == 0 or word == "(":
            return "body", BODY  # a variable, or a function that returns the type
        if word == "final" or word.startswith("REVERIE_"):
            continue
        if depth == 0 and name and name[-1].isidentifier() and word.isidentifier():
            return "body", BODY  # a variable with an initialiser
        name.append(word)
    return "type", "".join(name)


def without_template(words):
    """Without `template <...>` and a requires clause."""
    while words[:1] == ["template"]:
        depth, end = 0, 1
        for end, word in enumerate(words[1:], 1):
            depth += (word == "<") - (word == ">")
            if depth == 0:
                break
        words = words[end + 1:]
        if words[:1] == ["requires"]:
            while words and words[0] not in ("class", "struct", "union", "using"):
                words = words[1:]
    return words


# What the reader itself must know: a text, and what it defines.
EXAMPLES = [
    ("namespace a { struct S { int x; }; class T; }", ["a::S"]),
    ("namespace a::b { enum class E : int { one }; } namespace a { inline namespace c { union U {}; } }",
     ["a::b::E", "a::c::U"]),
    ("namespace a { namespace { struct Own {}; } void f() { struct Local {}; } struct After {}; }", ["a::After"]),
    ('/* struct No {}; */ const char* s = "struct No {"; char c = \'{\'; struct Yes {};', ["Yes"]),
    ("template <typename T, int n> struct S {}; template <> struct S<int, 1> final : B<int> {};", ["S", "S<int,1>"]),
    ("class REVERIE_PUBLIC P final : public Q { class In {}; using Value = int; };", ["P", "P::In", "P::Value"]),
    ("namespace a { using Names = std::vector<int>; using namespace b; using b::c; S s = {1}; S f() { return {}; } }",
     ["a::Names"]),
    ("struct S f(int x) { } struct S s{1}; extern \"C\" { struct C {}; }\n#define M struct No {\n", ["C"]),
]


def main():
    for text, expected in EXAMPLES:
        found = [name for name, _ in definitions(text)]
        if found != expected:
            sys.exit(f"the reader found {found}, not {expected}, in: {text}")
    places = collections.defaultdict(list)
    for folder in [Path(name).resolve() for name in sys.argv[1:]] or FOLDERS:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in (".h", ".cpp")):
            for name, line in definitions(path.read_text()):
                places[name].append(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{line}")
    twice = {name: found for name, found in places.items() if len(found) > 1}
    for name, found in sorted(twice.items()):
        print(f"{name} is defined at {' and '.join(found)}: give one of them a namespace or another name")
    print(f"{len(places)} types, {len(twice)} of them defined more than once")
    # Fewer than there are would mean that the reader has lost its way.
    sys.exit(bool(twice) or not sys.argv[1:] and len(places) < 400)


if __name__ == "__main__":
    main()
