#!/usr/bin/env python3
"""What artists do in the studio, from the beginning to the end, in a real browser."""
import unittest
import urllib.request
import zipfile
from base64 import b64encode
from io import BytesIO

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browsing import BrowserTest
from serving import Server
from uploads_test import picture, sound, video


class StoriesTest(BrowserTest):
    presets = {
        # As the program's own presets of these kinds, but made in moments.
        "to_sound": "# Moves with a sound.\ndefaults: [in_moments, _self_]\ninput_audio: ???\ninput_audio_filters: [{variable_name: loud, f_center: 1000, f_width: 900, continuous: true}]\n"
                    "animation_mode: 2D\ntranslate_x: 4*loud\npre_animation_steps: 0\nsteps_per_frame: 2\nsave_every: 2\noutputs: [png_sequence, video_file]\n",
        "to_repaint": "# Repaints a video.\ndefaults: [in_moments, _self_]\nvideo_path: ???\nanimation_mode: Video Source\n"
                      "pre_animation_steps: 0\nsteps_per_frame: 2\nsave_every: 2\noutputs: [png_sequence, video_file]\n",
    }

    def write_words(self, words):
        self.by("words").clear()
        self.by("words").send_keys(words)

    def look(self, name):
        self.browser.execute_script("document.getElementById(arguments[0]).click()", "look-" + name)

    def make(self, number):
        self.click(self.by("make-start"))
        self.until(lambda: self.chip(number) == "finished")

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def drop(self, name, data, kind):
        """A file dropped on the page, as the browser itself reports it."""
        self.browser.execute_script(
            "const bytes = Uint8Array.from(atob(arguments[1]), (c) => c.charCodeAt(0)), data = new DataTransfer();"
            "data.items.add(new File([bytes], arguments[0], { type: arguments[2] }));"
            "for (const type of ['dragenter', 'dragover', 'drop'])"
            "  document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))",
            name, b64encode(data).decode(), kind)

    def tiles(self):
        return self.browser.execute_script("return [...document.querySelectorAll('#gallery-list [data-item]')].map((one) => +one.dataset.item)")

    def settings_of(self, number):
        return self.server.get(f"/api/runs/{number}/settings")

    def test_first_picture(self):
        self.until(lambda: self.texts(".look"))
        self.look("in_moments")
        self.write_words("a red heart")
        self.make(1)
        self.until(lambda: self.widths("#stage-picture") == [40])
        self.until(lambda: (self.by("stage-save").get_attribute("href") or "").endswith("_2.png"))
        # It is in the gallery, large on a click, and its settings are one more click away.
        self.until(lambda: self.tiles() == [1] and self.widths("#gallery-list img") == [40])
        self.click_on("#gallery-list button")
        self.until(lambda: self.by("viewer").is_displayed() and self.widths("#viewer-picture") == [40])
        self.assertEqual(self.text("viewer-words"), "a red heart")
        archive = zipfile.ZipFile(BytesIO(urllib.request.urlopen(urllib.request.Request(
            self.by("viewer-zip").get_attribute("href"), headers={"Authorization": "Bearer " + self.server.token})).read()))
        self.assertEqual([name for name in archive.namelist() if name.endswith("_2.png")], [self.by("viewer-save").get_attribute("download")])
        self.click(self.by("viewer-use"))
        self.until(lambda: self.field("scenes").get_property("value") == "a red heart")
        self.assertFalse(self.by("viewer").is_displayed())

    def test_music_video(self):
        self.until(lambda: self.texts(".look"))
        self.write_words("a red heart")
        # The look asks for the sound that it needs; without one it is not chosen.
        self.look("to_sound")
        self.until(lambda: self.by("pick").is_displayed())
        self.type(Keys.ESCAPE)
        self.until(lambda: self.by("look-automatic").is_selected())
        self.drop("beat.wav", sound(), "audio/wav")
        self.until(lambda: self.texts("#attached li") == ["moves with beat.wav ×"])
        # A sound needs a look that moves with it: one is chosen.
        chosen = self.browser.execute_script("return document.querySelector('input[name=look]:checked').value")
        self.assertIn("input_audio", {preset["name"]: preset["needs"] for preset in self.server.get("/api/presets")["presets"]}[chosen])
        self.look("to_sound")
        self.make(1)
        made = self.settings_of(1)
        self.assertTrue(made["input_audio"].endswith(self.server.get("/api/uploads")["uploads"][0]["name"]))
        self.until(lambda: self.by("stage-video").is_displayed() and self.by("stage-video").get_property("videoWidth") > 0)
        self.until(lambda: self.browser.execute_script(
            "return (document.querySelector('#gallery-list button')?.getAttribute('aria-label') ?? '').startsWith('Film')"))

    def test_restyle(self):
        self.until(lambda: self.texts(".look"))
        self.write_words("a green leaf")
        self.click(self.by("attach"))
        self.until(lambda: self.by("pick").is_displayed())
        self.by("pick-file").send_keys(self.file("clip.mp4", video(self.folder, 1)))
        # A video may be for several things.
        self.until(lambda: self.by("ask-use").is_displayed())
        self.click_on("#ask-use-choices [value='video_path']")
        self.until(lambda: self.texts("#attached li") == ["repaints clip.mp4 ×"])
        self.look("to_repaint")
        self.make(1)
        self.assertTrue(self.settings_of(1)["video_path"].startswith("reverie_serve/uploads/"))
        self.until(lambda: self.by("stage-video").is_displayed())

    def test_a_picture_to_start_from_and_one_that_is_none(self):
        self.write("scenes", "a heart")
        button = self.all("[aria-label='Choose a file for init_image']")[0]
        self.field("init_image")
        self.click(button)
        self.until(lambda: self.by("pick").is_displayed())
        self.by("pick-file").send_keys(self.file("notes.png", b"no picture at all"))
        self.until(lambda: "notes.png" in self.text("pick-trouble"))
        [refusal] = [entry["message"] for entry in self.browser.get_log("browser")]  # the browser reports the answer
        self.assertIn("415", refusal)
        self.by("pick-file").send_keys(self.file("start.png", picture()))
        self.until(lambda: not self.by("pick").is_displayed())
        value = self.until(lambda: self.field("init_image").get_property("value"))
        self.assertEqual(value, self.server.get("/api/uploads")["uploads"][0]["path"])
        self.until(lambda: self.text("verdict").startswith("no problems found"))
        # The next time it is in the list, and can be deleted there.
        self.click(button)
        self.until(lambda: self.texts("#pick-list .pick span") and "start.png" in self.texts("#pick-list .pick span")[0])
        self.pictures_loaded()
        self.click_on("[aria-label='Delete start.png']")
        self.until(lambda: self.server.get("/api/uploads")["uploads"] == [])
        self.type(Keys.ESCAPE)

    def test_grid(self):
        self.fill_in("a red heart")
        self.browser.execute_script("document.getElementById('grid-form').open = true")
        for name, value in {"values-1": "4, 5", "axis-2": "cut_pow", "values-2": "1, 2, 3"}.items():
            self.by(name).clear()
            self.by(name).send_keys(value)
        self.until(lambda: self.text("grid-count") == "6 runs")
        self.click(self.by("grid-start"))
        self.until(lambda: self.widths("table.grid img") == [40] * 6)
        self.assertEqual([one.text for one in self.all("table.grid th")], ["1", "2", "3", "4", "5"])
        # The cell in row 5 and column 3 is the run with these values.
        self.click_on("table.grid tbody tr:nth-child(2) button", 2)
        self.until(lambda: self.by("viewer").is_displayed())
        made = self.settings_of(int(self.by("viewer-page").get_attribute("href").rsplit("/", 1)[1]))
        self.assertEqual((made["seed"], made["cut_pow"]), (5, 3))
        # It is there after a reload, too.
        self.browser.refresh()
        self.until(lambda: self.widths("table.grid img") == [40] * 6)

    def test_estimate(self):
        self.fill_in("a red heart")
        self.until(lambda: self.text("verdict") == "no problems found; 6 steps")
        self.click(self.by("estimate-start"))
        self.until(lambda: "measured just now" in self.text("estimate"))
        self.assertIn("Memory", self.text("estimate"))
        self.write("width", "48")
        self.until(lambda: not self.by("estimate").is_displayed())  # it was of other settings

    def test_deleting_and_undoing(self):
        for words in "a red heart", "a green leaf":
            self.server.wait(self.server.submit(words), "finished")
        self.until(lambda: self.tiles() == [2, 1])
        self.by("gallery-search").send_keys("leaf")
        self.until(lambda: self.tiles() == [2])
        self.click_on("#gallery-list button")
        self.until(lambda: self.by("viewer").is_displayed() and self.widths("#viewer-picture") == [40])
        self.pictures_loaded()
        self.click(self.by("viewer-delete"))
        self.until(lambda: self.tiles() == [] and self.text("toast-text"))
        self.browser.execute_script("document.getElementById('toast-undo').click()")  # it may be late, and the button gone
        self.until(lambda: self.tiles() == [2])
        self.pictures_loaded()
        self.server.post("/api/runs/2/delete")
        self.until(lambda: self.tiles() == [])
        for _ in "leaf":
            self.by("gallery-search").send_keys(Keys.BACKSPACE)
        self.until(lambda: self.tiles() == [1])
        self.click_on("#trash > summary")
        self.until(lambda: self.all("[aria-label='Put back run 2']"))
        self.click(self.by("trash-empty"))
        self.until(lambda: self.by("ask-empty").is_displayed())
        self.click_on("#ask-empty [value='yes']")
        self.until(lambda: not self.by("trash").is_displayed())
        self.assertEqual(self.server.get("/api/trash")["runs"], [])

    def test_recovery_after_a_kill(self):
        self.until(lambda: self.texts(".look"))
        self.look("in_moments")
        self.write_words("a red heart")
        self.make(1)
        self.by("words").send_keys(" at night")
        self.write("width", "48")
        self.server.submit("long", steps_per_scene=1000000, save_every=200, backups=1)
        self.until(lambda: self.chip(2) == "running" and self.server.run(2)["pictures"] > 1)
        port = self.server.port
        self.server.kill()
        self.until(lambda: self.text("connection").startswith("connection lost"))
        self.server = Server(self.folder, port=port)
        self.until(lambda: self.text("connection") == "connected")
        # What was made, what goes on, and what was being written.
        self.until(lambda: self.tiles() == [1] and self.chip(2) == "running")
        self.assertEqual(self.field("width").get_property("value"), "48")
        self.server.post("/api/runs/2/cancel")
        self.until(lambda: self.chip(2) == "cancelled")
        # Another tab: the words that were painted are offered again.
        self.browser.switch_to.new_window("tab")
        self.open()
        self.assertEqual([one.get_attribute("value") for one in self.all("#history option")], ["a red heart"])
        self.browser.close()
        self.browser.switch_to.window(self.browser.window_handles[0])
        self.browser.get_log("browser")  # the browser reports the lost connection

    def test_a_failed_run_says_what_to_do(self):
        self.browser.get_log("browser")
        source = self.folder / "start.png"
        source.write_bytes(picture())
        number = self.server.submit("a", init_image="start.png", paused=True)
        source.unlink()
        self.press(number, "Resume")
        self.until(lambda: self.chip(number) == "failed")
        run = self.server.run(number)
        self.assertIn("start.png", run["message"])
        message = self.texts(f"[data-run='{number}'] .message")[0]
        for part in run["message"], run["advice"]:
            self.assertIn(part, message)

    def test_many_pages_of_a_run(self):
        """Browsers open at most six connections to a server."""
        number = self.server.submit("a", steps_per_scene=1000000, save_every=200)
        self.until(lambda: self.chip(number) == "running" and self.server.run(number)["pictures"] > 0)
        first = self.browser.current_window_handle
        address = f"http://127.0.0.1:{self.server.port}/runs/{number}"
        for _ in range(9):
            self.browser.switch_to.new_window("tab")
            self.browser.get(address)
            self.until(lambda: self.text("step") not in ("", "–") and self.widths("#picture") == [40])
        for handle in self.browser.window_handles:
            if handle == first:
                continue
            self.browser.switch_to.window(handle)
            self.browser.close()
        self.browser.switch_to.window(first)
        self.until(lambda: self.text("connection") == "connected")
        self.press(number, "Cancel")
        self.until(lambda: self.chip(number) == "cancelled")

    def test_phone(self):
        for words in "a red heart", "a green leaf":
            self.server.wait(self.server.submit(words), "finished")
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 320, "height": 700, "deviceScaleFactor": 1, "mobile": True})
        try:
            self.until(lambda: self.browser.execute_script("return innerWidth") <= 330 and self.tiles() == [2, 1])

            def too_wide():
                return self.browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.assertLessEqual(too_wide(), 0)
            self.browser.execute_script("document.getElementById('grid-form').open = true")
            self.assertLessEqual(too_wide(), 0)
            self.click_on("#gallery-list button")
            self.until(lambda: self.by("viewer").is_displayed() and self.widths("#viewer-picture") == [40])
            box = self.browser.execute_script("const box = document.getElementById('viewer').getBoundingClientRect(); return [box.left, box.right]")
            self.assertTrue(0 <= box[0] and box[1] <= 330, box)
            self.click(self.by("viewer-close"))
            self.click(self.by("attach"))
            self.until(lambda: self.by("pick").is_displayed())
            box = self.browser.execute_script("const box = document.getElementById('pick').getBoundingClientRect(); return [box.left, box.right]")
            self.assertTrue(0 <= box[0] and box[1] <= 330, box)
            self.type(Keys.ESCAPE)
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def test_names_for_those_who_do_not_see(self):
        self.server.wait(self.server.submit("a red heart"), "finished")
        self.until(lambda: self.tiles() == [1])
        # Every control has a name: its text, its label, or one of its own.
        nameless = self.browser.execute_script("""
            return [...document.querySelectorAll('button, a[href], input, select, textarea, progress, video, summary')]
              .filter((one) => one.type !== 'hidden' && one.getAttribute('aria-hidden') !== 'true' && one.tagName !== 'VIDEO')
              .filter((one) => !(one.getAttribute('aria-label') || one.labels?.length || one.innerText?.trim() || one.textContent?.trim()))
              .map((one) => one.outerHTML.slice(0, 120))""")
        self.assertEqual(nameless, [])
        # No identity is given twice, and no address leads elsewhere.
        self.assertEqual(self.browser.execute_script(
            "const ids = [...document.querySelectorAll('[id]')].map((one) => one.id); return ids.filter((id, at) => ids.indexOf(id) !== at)"), [])
        self.assertEqual(self.browser.execute_script(
            "return performance.getEntriesByType('resource').map((one) => one.name).filter((name) => !name.startsWith(location.origin))"), [])
        # The whole way by keyboard: from the words through the looks to Make.
        self.by("words").send_keys("a leaf" + Keys.TAB)
        self.assertEqual(self.focused("id"), "attach")
        self.type(Keys.TAB)
        self.assertEqual(self.focused("id"), "make-start")
        self.type(Keys.TAB)
        self.assertEqual(self.focused("name"), "look")
        self.type(Keys.ARROW_RIGHT)
        self.until(lambda: self.text("look-about"))


if __name__ == "__main__":
    unittest.main()
