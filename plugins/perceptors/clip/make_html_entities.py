#!/usr/bin/env python3
"""Writes HTML 5's named character references, as Python's standard library lists them, as a C++ table, into the file
that is named."""
import sys
from html.entities import html5

with open(sys.argv[1], "w", encoding="ascii") as table:
    for name, text in sorted(html5.items()):
        escaped = "".join(f"\\U{ord(c):08X}" if ord(c) >= 0xA0 else f"\\{ord(c):03o}" for c in text)
        table.write(f'{{"{name}", U"{escaped}"}},\n')
