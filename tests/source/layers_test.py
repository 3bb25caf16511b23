#!/usr/bin/env python3
"""Who may use whom: each library of host/ includes headers of those below it only. layers_test.py SOURCE_TREE"""
import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(1))
# A library and those that it must not know.
ABOVE = {
    "base": {"app", "cli", "serve", "conformance", "engine", "plugins", "prompts", "settings", "expressions", "media", "web"},
    "app": {"cli", "serve", "conformance"},
    "serve": {"cli", "conformance"},
    "engine": {"app", "cli", "serve", "conformance"},
    "distributed": {"app", "cli", "serve", "conformance", "engine", "plugins", "prompts", "settings", "expressions", "media", "web"},
    "settings": {"app", "cli", "serve", "conformance", "engine", "plugins", "prompts"},
    "expressions": {"app", "cli", "serve", "conformance", "engine", "plugins", "prompts", "settings"},
    "prompts": {"app", "cli", "serve", "conformance"},
    "plugins": {"app", "cli", "serve", "conformance"},
    "media": {"app", "cli", "serve", "conformance"},
    "weights": {"app", "cli", "serve", "conformance", "engine", "plugins", "prompts", "settings"},
    "web": {"app", "cli", "serve", "conformance", "engine", "plugins", "prompts", "settings"},
    "log": {"app", "cli", "serve", "conformance", "engine", "plugins", "prompts", "settings"},
}


class LayersTest(unittest.TestCase):
    def test_libraries_use_only_those_below(self):
        found = []
        for library, above in ABOVE.items():
            files = [path for path in (ROOT / "host" / library).iterdir() if path.suffix in (".h", ".cpp")]
            self.assertTrue(files, library)
            for path in files:
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    include = re.match(r'#include "(\w+)/', line)
                    if include and include[1] in above:
                        found.append(f"{path.relative_to(ROOT)}:{number}: {line}")
        self.assertEqual(found, [])

    def test_the_host_compiles_no_plugins_sources_and_plugins_none_of_the_hosts(self):
        for cmake in sorted((ROOT / "host").rglob("CMakeLists.txt")):
            self.assertNotIn("plugins/", re.sub(r"\bplugins/\w+\.cpp", "", cmake.read_text()), cmake)
        for cmake in sorted((ROOT / "plugins").rglob("CMakeLists.txt")):
            self.assertNotIn("/host/", cmake.read_text(), cmake)


if __name__ == "__main__":
    unittest.main()
