#!/usr/bin/env python3
"""A real browser uses the studio of a real server: its parts, one by one. studio_stories_test.py has whole stories."""
import re
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browsing import BrowserTest
from serving import TINY, settings

EVIL = "<img src=x onerror=\"document.title='taken'\"> </textarea><script>document.title='taken'</script>"


class StudioTest(BrowserTest):
    def test_mistakes_are_shown_beside_their_fields(self):
        self.write("scenes", "a heart:1_[nowhere.png]")
        self.write("width", "forty")
        self.write("steps_per_scene", "0")
        self.until(lambda: self.text("verdict") == "3 problems")
        answer = self.server.post("/api/check", {"settings": "scenes: 'a heart:1_[nowhere.png]'\nsteps_per_scene: 0\nwidth: forty"})
        problems = {problem["setting"]: problem["message"] for problem in answer.json()["problems"]}
        for name in "scenes", "width", "steps_per_scene":
            self.until(lambda: self.text(f"setting-{name}-problem") == problems[name])
            self.until(lambda: self.field(name).get_attribute("aria-invalid") == "true")
        # From the list of problems to the field, by keyboard.
        self.until(lambda: [b.send_keys(Keys.ENTER) for b in self.all("#problems button") if "width" in b.text])
        self.until(lambda: self.focused("id") == "setting-width")
        self.write("width", "40")
        self.write("steps_per_scene", "4")
        self.until(lambda: "nowhere.png" in self.text("setting-scenes-problem"))
        self.write("scenes", "a heart")
        self.until(lambda: self.text("verdict") == "no problems found; 4 steps")
        self.assertEqual(self.all("[aria-invalid]"), [])

    def test_make_paints_words_with_the_chosen_look(self):
        looks = self.until(lambda: self.texts(".look"))
        self.assertEqual(looks[0], "automatic")
        self.assertIn("in moments (yours)", looks)
        self.assertIn("noir", looks)
        self.assertIn("restyle", looks)
        self.click(self.by("make-start"))
        self.until(lambda: "for example" in self.text("make-problem"))
        self.assertEqual(self.focused("id"), "words")
        self.browser.execute_script("document.getElementById('look-in_moments').click()")
        self.assertEqual(self.text("look-about"), "Tiny, and of little use.")
        self.by("words").send_keys("a red heart" + Keys.ENTER)
        self.until(lambda: self.chip(1) == "finished")
        self.assertEqual(self.text("make-problem"), "")
        self.until(lambda: self.widths("#stage-picture") == [40])
        self.until(lambda: self.text("stage-caption") == "a red heart · finished")
        made = self.server.get("/api/runs/1/settings")
        self.assertEqual((made["scenes"], made["width"], made["perceptors"]), ("a red heart", 40, ["tiny_vit"]))
        self.assertEqual(made["contrast_limit"], 0.2)  # of the preset paint
        # What was typed before is offered again, also to another tab.
        self.browser.refresh()
        self.until(lambda: [one.get_attribute("value") for one in self.all("#history option")] == ["a red heart"])
        # A mistake is shown beside the words.
        self.by("words").send_keys("a heart:1_[nowhere.png]" + Keys.ENTER)
        self.until(lambda: "nowhere.png" in self.text("make-problem"))
        self.assertEqual(len(self.server.get("/api/runs")["runs"]), 1)
        [refusal] = [entry["message"] for entry in self.browser.get_log("browser")]  # the browser reports the answer
        self.assertIn("422", refusal)

    def test_words_become_settings(self):
        self.browser.execute_script("document.getElementById('all').open = false")
        self.until(lambda: self.texts(".look"))
        self.by("words").send_keys("a blue fish")
        self.browser.execute_script("document.getElementById('look-noir').click()")
        self.click_on("#all > summary")
        self.until(lambda: self.field("scenes").get_property("value") == "a blue fish")
        self.assertEqual(self.by("more").get_property("value"), "preset: noir")
        self.until(lambda: self.text("verdict").startswith("no problems found"))

    def test_only_settings_in_use_are_shown(self):
        def visible():
            for group in self.all("#groups > details"):
                self.browser.execute_script("arguments[0].open = true", group)
            return [text.split(" ")[0] for text in self.texts(".setting")]
        self.assertNotIn("translate_x", visible())
        self.write("animation_mode", "2D")
        self.until(lambda: "translate_x" in visible())
        self.assertNotIn("field_of_view", visible())  # of 3D
        self.click(self.by("unused"))
        self.until(lambda: "field_of_view" in visible())
        self.click(self.by("unused"))
        self.by("search").send_keys("fps")
        self.until(lambda: "frames_per_second" in visible() and "cut_pow" not in visible())

    def test_an_empty_form_says_what_is_missing(self):
        for button in "start", "motion":
            self.click(self.by(button))
            self.until(lambda: "for example" in self.text("setting-scenes-problem"))
            self.until(lambda: self.focused("id") == "setting-scenes")
            self.browser.execute_script("document.activeElement.blur()")
        self.assertEqual(self.server.get("/api/runs")["runs"], [])
        # Nothing else has to be written: the words alone will do.
        self.write("scenes", "a heart")
        self.until(lambda: self.text("verdict").startswith("no problems found"))
        self.assertEqual(self.text("setting-scenes-problem"), "")

    def test_an_open_list_of_files_follows_the_run(self):
        def names():
            return [text.split(" ")[0] for text in self.texts("[data-run='1'] .files li")]
        self.server.submit("a", steps_per_scene=1000000, save_every=100)
        self.until(lambda: self.chip(1) == "running")
        self.until(lambda: [self.click(one) for one in self.all("[data-run='1'] .files summary")])
        self.until(lambda: "default_2.png" in names())
        self.until(lambda: "default_4.png" in names())
        self.server.post("/api/runs/1/cancel")
        self.until(lambda: self.chip(1) == "cancelled")
        left = [file["name"] for file in self.server.get("/api/runs/1/files")["files"]]
        self.until(lambda: names() == left)

    def test_a_run_of_another_server_says_where_it_belongs(self):
        theirs = "run 12 of the server on <b>render-1</b>"
        self.server.post("/api/runs", {"settings": settings("a", steps_per_scene=1000000), "lease": 3600, "from": theirs})
        self.until(lambda: f"for {theirs}" in self.text_of("[data-run='1'] .facts"))
        self.server.submit("b", steps_per_scene=1000000)
        self.until(lambda: self.chip(2) == "waiting")
        self.assertNotIn("for run", self.text_of("[data-run='2'] .facts"))
        self.until(lambda: self.server.run(1)["done"] > 0)
        self.browser.get(f"http://127.0.0.1:{self.server.port}/runs/1")
        self.until(lambda: self.text("elsewhere") == f"This is {theirs}. It cannot be changed while it goes.")
        self.until(lambda: self.text("state") == "running")
        self.assertFalse(self.by("change-card").is_displayed())
        self.server.post("/api/runs/1/cancel")
        self.until(lambda: not self.by("elsewhere").is_displayed())
        self.until(lambda: self.server.run(2)["done"] > 0)
        self.browser.get(f"http://127.0.0.1:{self.server.port}/runs/2")
        self.until(lambda: self.by("change-card").is_displayed())
        self.assertFalse(self.by("elsewhere").is_displayed())
        self.open()

    def test_search_and_changed_only(self):
        def visible():
            return [text.split(" ")[0] for text in self.texts(".setting")]
        self.by("search").send_keys("cutouts")
        names = self.until(visible)
        self.assertIn("cut_pow", names)
        self.assertNotIn("width", names)
        for _ in "cutouts":
            self.by("search").send_keys(Keys.BACKSPACE)
        self.write("cut_pow", "3")
        self.click(self.by("changed-only"))
        self.until(lambda: visible() == ["cut_pow"])
        self.click_on("[aria-label='Reset cut_pow']")
        self.until(lambda: visible() == [])

    def test_a_run_from_the_form_to_the_comparison(self):
        self.fill_in("a red heart")
        self.write("cut_pow", "3")
        self.field("cut_pow").submit()
        self.until(lambda: self.chip(1) == "finished")
        self.write("cut_pow", "1")
        self.click(self.by("start"))
        self.until(lambda: self.chip(2) == "finished")
        for number in 1, 2:
            self.press(number, "Compare")
        self.until(lambda: self.widths("#compared img") == [40, 40])
        rows = self.until(lambda: self.texts("#differences tbody tr"))
        self.assertEqual(len(rows), 1, rows)
        self.assertEqual(sorted(rows[0].split()), ["1", "3", "cut_pow"])
        self.assertEqual(len(self.server.get("/api/runs")["runs"]), 2)
        # Its thumbnail, its page.
        self.until(lambda: self.widths("[data-run='1'] .thumb img") == [40])
        link = self.until(lambda: self.run_button(1, "Watch").get_attribute("href"))
        self.browser.get(link)
        self.until(lambda: "default" in self.browser.find_element(By.TAG_NAME, "body").text)
        self.browser.back()
        self.until(lambda: self.text("connection") == "connected")
        # What was being written is still there.
        self.until(lambda: self.field("scenes").get_property("value") == "a red heart")

    def test_the_queue(self):
        self.server.submit("long", steps_per_scene=1000000, save_every=200)
        a, b = self.server.submit("a"), self.server.submit("b")
        self.until(lambda: self.chip(1) == "running" and self.chip(b) == "waiting")
        self.until(lambda: self.server.run(1)["pictures"] > 0)

        def order():
            return self.browser.execute_script("return [...document.querySelectorAll('#runs .run')].map((one) => +one.dataset.run)")
        self.press(b, "Move up")
        self.until(lambda: order() == [1, b, a])
        # The button that was used keeps the focus, so that it can be used again.
        self.until(lambda: self.focused("aria-label") == f"Move up run {b}")
        self.press(b, "Move down")
        self.until(lambda: order() == [1, a, b])
        self.press(a, "Pause")
        self.until(lambda: self.chip(a) == "on hold")
        self.press(1, "Pause")
        self.until(lambda: self.chip(1) == "paused")
        self.press(1, "Resume")
        self.until(lambda: self.chip(1) == "running")
        self.press(1, "Cancel")
        self.until(lambda: self.chip(1) == "cancelled" and self.chip(b) == "finished")
        # A run that is taken off the list while the page still asks for its picture would be missed.
        newest = f"?{self.server.run(1)['pictures']}"
        self.until(lambda: self.browser.execute_script("return document.querySelector(`[data-run='1'] .thumb img`).src").endswith(newest))
        self.until(lambda: self.widths("[data-run='1'] .thumb img") == [40])
        self.press(1, "Remove")
        self.until(lambda: not self.all("[data-run='1']"))
        self.press(a, "Resume")
        self.until(lambda: self.chip(a) == "finished")
        self.press(a, "Use the settings")
        self.until(lambda: self.field("scenes").get_property("value") == "a")

    def test_files_of_settings(self):
        number = self.server.submit("a red heart", cut_pow=1.5, input_audio_filters=[])
        self.server.wait(number, "finished")
        picture = self.folder / "images_out/default/default_1.png"
        yaml = self.folder / "mine.yaml"
        yaml.write_text(settings("a || b", conf="demo", perceptors=["tiny_vit"], outputs=["png_sequence", "video_file"]) + "translate_x: 3*sin(t)\n")
        self.by("file").send_keys(str(picture))
        self.until(lambda: self.field("cut_pow").get_property("value") == "1.5")
        self.assertEqual(self.field("scenes").get_property("value"), "a red heart")
        self.assertEqual(self.field("smoothing_weight").get_property("value"), "")  # the default
        self.until(lambda: self.text("verdict").startswith("no problems found"))
        self.by("file").send_keys(str(yaml))
        self.until(lambda: self.field("translate_x").get_property("value") == "3*sin(t)")
        self.assertEqual(self.field("outputs").get_property("value"), "png_sequence\nvideo_file")
        self.assertEqual(self.by("more").get_property("value"), 'conf: "demo"')
        self.until(lambda: self.text("verdict") == "1 problem")
        # What it would save says the same.
        text = self.browser.execute_async_script(
            "const done = arguments[0]; import('/pages/form.js').then((form) => done(form.settingsText()))")
        entries = {entry["name"]: entry["value"] for entry in self.server.post("/api/settings/read", text).json()["entries"]}
        mine = {entry["name"]: entry["value"] for entry in self.server.post("/api/settings/read", yaml.read_bytes()).json()["entries"]}
        self.assertEqual(entries, mine)

    def test_motion_preview(self):
        self.fill_in("a", animation_mode="2D", translate_x="3", pre_animation_steps=0, steps_per_frame=2)
        self.click(self.by("motion"))
        self.until(lambda: self.by("preview-video").is_displayed())
        self.until(lambda: self.by("preview-video").get_property("videoWidth") > 0)

    def test_words_are_never_taken_for_html(self):
        for words in EVIL, "'';!--\"<XSS>=&{()}":
            number = self.server.submit("<i>onerror", title=words, file_namespace=re.sub(r"[/\\]", "", words))
            self.server.wait(number, "finished")
            self.until(lambda: self.chip(number) == "finished")
            self.press(number, "Compare")
        self.until(lambda: len(self.all("#compared img")) == 2)
        self.press(1, "Use the settings")
        self.until(lambda: self.field("scenes").get_property("value") == "<i>onerror")
        self.assertEqual(self.all("#runs script, #runs .title img, #compared script"), [])
        self.assertIn(EVIL, self.browser.find_element(By.CSS_SELECTOR, "[data-run='1'] .title").get_property("textContent"))

    def test_the_server_comes_again(self):
        self.server.submit("a", paused=True)
        self.until(lambda: self.chip(1) == "on hold")
        port = self.server.port
        self.server.kill()
        self.until(lambda: self.text("connection").startswith("connection lost"))
        from serving import Server
        self.server = Server(self.folder, port=port)
        self.until(lambda: self.text("connection") == "connected")
        self.press(1, "Resume")
        self.until(lambda: self.chip(1) == "finished")
        self.browser.get_log("browser")  # the browser reports the lost connection

    def test_a_narrow_page_in_the_dark(self):
        self.browser.set_window_size(420, 900)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.until(lambda: self.browser.execute_script("return innerWidth") <= 520)  # browsers have a least width
        wide = self.browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        ground = self.until(lambda: (colour := self.browser.execute_script(
            "return getComputedStyle(document.body).backgroundColor")) and max(map(int, re.findall(r"\d+", colour)[:3])) < 80 and colour)
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 320, "height": 700, "deviceScaleFactor": 1, "mobile": True})
        self.until(lambda: self.browser.execute_script("return innerWidth") <= 330)
        phone = self.browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        self.browser.set_window_size(1300, 1000)
        self.assertLessEqual(wide, 0)
        self.assertLessEqual(phone, 0)
        self.assertLess(max(map(int, re.findall(r"\d+", ground)[:3])), 80)


if __name__ == "__main__":
    unittest.main()
