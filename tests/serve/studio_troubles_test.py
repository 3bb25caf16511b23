#!/usr/bin/env python3
"""The studio where answers come late or not at all, and where there is much to show, in a real browser."""
import json
import re
import unittest
from base64 import b64encode

from browsing import BrowserTest
from uploads_test import picture

# Requests to addresses that match are not sent until held[i].go(), or fail with held[i].fail(). `handled` grows when the page
# has worked with an answer.
HOLD = """
const plain = window.fetch;
window.held = [];
window.handled = 0;
window.fetch = (path, options) => !new RegExp(PATTERN).test(path) ? plain(path, options) : new Promise((go, fail) => {
  held.push({ fail: () => fail(new TypeError('held')), go: () => go(plain(path, options).then((answer) => {
    const json = answer.json.bind(answer);
    answer.json = () => json().finally(() => setTimeout(() => ++handled));
    return answer;
  })) });
});
"""


class TroublesTest(BrowserTest):
    def hold(self, pattern):
        """In pages that are opened from here on."""
        self.made = self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HOLD.replace("PATTERN", json.dumps(pattern))})
        self.addCleanup(self.hold_no_more)

    def hold_no_more(self):
        if self.made:
            self.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", self.made)
        self.made = None

    def held(self):
        return self.browser.execute_script("return held.length")

    def draft(self):
        return self.browser.execute_script("return sessionStorage.getItem('draft')")

    def scenes(self):
        return self.browser.execute_script("return document.getElementById('setting-scenes')?.value")

    def drafted(self):
        """Something is written, and the page is loaded again, which has no answer yet."""
        self.write("scenes", "a red heart")
        self.until(lambda: self.draft() == 'scenes: "a red heart"\n')
        self.hold("/api/settings/read")
        self.browser.refresh()
        self.until(lambda: self.held() == 1 and self.text("verdict").startswith("what was written before"))

    def test_a_draft_that_comes_late(self):
        self.drafted()
        self.assertEqual((self.scenes(), self.draft()), ("", 'scenes: "a red heart"\n'))
        self.browser.execute_script("held[0].go()")
        self.until(lambda: self.scenes() == "a red heart")
        self.until(lambda: self.text("verdict").startswith("no problems found"))

    def test_a_draft_that_does_not_come(self):
        self.drafted()
        self.browser.execute_script("held[0].fail()")
        self.until(lambda: self.text("trouble") == "the server cannot be reached")
        self.assertEqual((self.scenes(), self.draft()), ("", 'scenes: "a red heart"\n'))
        self.hold_no_more()
        self.browser.refresh()
        self.until(lambda: self.scenes() == "a red heart")

    def test_what_is_typed_counts_more_than_a_draft(self):
        self.drafted()
        self.write("scenes", "a green leaf")
        self.browser.execute_script("held[0].go()")
        self.until(lambda: self.browser.execute_script("return handled") == 1)
        self.assertEqual((self.scenes(), self.draft()), ("a green leaf", 'scenes: "a green leaf"\n'))

    def test_a_draft_that_cannot_be_read_stays_as_it_was_written(self):
        text = 'scenes: "a red heart"\nwidth: [1, 2\n'
        self.browser.execute_script("sessionStorage.setItem('draft', arguments[0])", text)
        self.browser.refresh()
        self.until(lambda: self.by("more").get_property("value") == text)
        self.until(lambda: re.match(r"\d+ problem", self.text("verdict")))
        self.assertEqual(self.draft(), text)

    def test_pictures_that_could_not_be_had_come_with_the_next_news(self):
        number = self.server.submit("a")
        self.server.wait(number, "finished")
        self.hold(f"/api/runs/{number}/files$")
        self.open()
        self.until(lambda: self.held() == 2)  # for the list of runs and the stage
        self.browser.execute_script("for (const one of held.splice(0)) one.fail()")
        self.server.submit("b", paused=True)
        self.until(lambda: self.held() == 2)
        self.browser.execute_script("for (const one of held) one.go()")
        self.until(lambda: self.widths(f"[data-run='{number}'] .thumb img, #stage-picture") == [40, 40])

    def test_all_works_can_be_reached(self):
        self.server.submit("a heart")
        self.server.wait(1, "finished")
        self.browser.get("about:blank")
        self.server.end()
        runs = self.folder / "reverie_serve/runs"
        record = json.loads((runs / "1.json").read_text())
        most = 230
        for number in range(2, most + 1):
            (runs / f"{number}.json").write_text(json.dumps({**record, "id": number, "ended": record["ended"] + number}))
        self.begin()
        self.open()

        def shown():
            return self.browser.execute_script("return document.querySelectorAll('#gallery-list [data-item]').length")
        self.until(lambda: self.text("gallery-count") == f"{most} works" and shown())
        while self.by("gallery-more").is_displayed():
            before = shown()
            self.click(self.by("gallery-more"))
            self.until(lambda: shown() > before)
        self.assertEqual(self.browser.execute_script(
            "return [...document.querySelectorAll('#gallery-list [data-item]')].map((one) => +one.dataset.item)"), list(range(most, 0, -1)))

    def test_a_long_name_is_not_cut_within_a_character(self):
        # The 200th UTF-16 unit is the first half of the face; the name has half a character, as Windows allows.
        answer = self.browser.execute_async_script(
            "const [data, done] = arguments;"
            "const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));"
            "import('/pages/uploads.js').then((uploads) => uploads.uploadAll([new File([bytes], '\\ud83d' + 'a'.repeat(198) + '\\u{1F642}.png')]))"
            ".then((upload) => done(upload.kind), (error) => done(String(error)))", b64encode(picture()).decode())
        self.assertEqual(answer, "picture")


if __name__ == "__main__":
    unittest.main()
