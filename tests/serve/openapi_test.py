#!/usr/bin/env python3
"""A fuzzer that knows docs/openapi.json asks a real server for everything: no answer is a 5xx, and each is of the form
that the description gives. REVERIE_EXAMPLES sets how many requests are made up for each operation."""
import os
import subprocess
import sys
import unittest
from pathlib import Path

from serving import ServerTest

EXAMPLES = os.environ.get("REVERIE_EXAMPLES", "15")


class OpenApiTest(ServerTest):
    def test_the_description_is_served(self):
        described = (Path(__file__).parents[2] / "docs/openapi.json").read_bytes()
        self.assertEqual(self.server.ask("GET", "/api/openapi.json").body, described)

    def test_answers_conform(self):
        # Something to be found under the numbers that are likely to be asked for.
        number = self.server.submit("a")
        self.server.wait(number, "finished")
        self.server.submit("b", paused=True)
        self.fuzz("all", "--exclude-path", "/api/settings/read", "--exclude-path", "/api/paint", "--exclude-path-regex", "/events$")  # which never end
        # /api/paint loads models for each: studio_test and queue_test ask it.
        # Nothing is wrong with a body there that is not a settings file: the answer says so.
        self.fuzz("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
                  "--include-path", "/api/settings/read")

    def fuzz(self, checks, *choice):
        address = f"http://127.0.0.1:{self.server.port}"
        fuzzer = subprocess.run(
            [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
             address + "/api/openapi.json", "--base-url", address, "--header", f"Authorization: Bearer {self.server.token}",
             "--experimental", "openapi-3.1", *choice, *(word for check in checks.split(",") for word in ("--checks", check)),
             "--hypothesis-max-examples", EXAMPLES, "--hypothesis-seed", "20261125", "--hypothesis-deadline", "30000",
             "--hypothesis-database", "none", "--data-generation-method", "all", "--rate-limit", "25/s",
             "--request-timeout", "30000", "--no-color"],
            cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(fuzzer.returncode, 0, fuzzer.stdout[-6000:] + fuzzer.stderr[-2000:])
        self.assertIn("not_a_server_error", fuzzer.stdout)


if __name__ == "__main__":
    unittest.main()
