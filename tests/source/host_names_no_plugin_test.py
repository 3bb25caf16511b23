#!/usr/bin/env python3
"""The host names no plugin: a third party's can take any place. host_names_no_plugin_test.py SOURCE_TREE"""
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(1))
# Names that are usual words, too: these are looked for as texts of their own.
WORDS = {"2D", "3D", "cells", "clip", "contrast", "depth", "direct", "dis", "disco", "edge", "envelope", "flow", "fourier", "grid",
         "latent", "lit", "midi", "onset", "palette", "pyramid", "raft", "range", "saturation", "siren", "smoothing", "spectral",
         "spectrum", "symmetry", "tempo"}
# Where such a text is not a plugin's name.
NO_NAMES = {("host/engine/render_state.cpp", "flow"), ("host/plugins/checked_motion.cpp", "flow"),  # a tensor of a move
            ("host/expressions/functions_builtin.cpp", "range"), ("host/settings/sweep.cpp", "range"),  # functions
            ("host/web/web_server.cpp", "range"),  # a field of HTTP
            *((f"host/{file}.cpp", "palette") for file in  # a picture that a run shows
              ("serve/farm_view", "serve/update_message", "web/run_feed", "web/run_routes")),
            ("host/prompts/hints.cpp", "onset"),  # what people call a variable that follows a sound
            ("host/settings/likely_setting.cpp", "clip")}  # what people call the setting perceptors


def plugin_names():
    names = set()
    for path in (ROOT / "plugins").rglob("*.cpp"):
        names.update(re.findall(r'REVERIE_EXPORT_PLUGIN\(\s*\w+,\s*\w+,\s*"(\w+)"', path.read_text()))
    return names


class HostNamesNoPluginTest(unittest.TestCase):
    def test_host_names_no_plugin(self):
        names = plugin_names()
        self.assertGreater(len(names), 40)
        self.assertLessEqual(WORDS, names, "of plugins that there are")
        found = []
        for path in sorted((ROOT / "host").rglob("*")):
            if path.suffix not in (".h", ".cpp", ".inc", ".py", ".cmake", ".txt"):
                continue
            where = str(path.relative_to(ROOT))
            for number, line in enumerate(path.read_text().splitlines(), 1):
                for name in names:
                    named = f'"{name}"' in line and (where, name) not in NO_NAMES if name in WORDS else \
                        re.search(rf"\b{name}\b", line)
                    if named:
                        found.append(f"{where}:{number}: {name}: {line.strip()}")
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
