#!/usr/bin/env python3
"""Keyframes in the studio, in a real browser: the curves are those of the server, and a keyframe that is moved, added or
removed changes the text of its setting and nothing else in it."""
import unittest

from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from studio_test import StudioTest

# Frames 0 to 20, each of one step, behind two steps before the first move.
FLIGHT = {"animation_mode": "2D", "pre_animation_steps": 2, "steps_per_frame": 1, "steps_per_scene": 23, "frames_per_second": 4, "save_every": 1}
FIRST = -2  # where the curves begin


class CurvesTest(StudioTest):
    def flight(self, scenes="a hill", **more):
        self.fill_in(scenes, **{**FLIGHT, **more})
        self.browser.execute_script("document.getElementById('curves-group').open = true")

    def value(self, name):
        return self.field(name).get_property("value")

    def strip(self, name):
        return self.browser.find_element(By.CSS_SELECTOR, f"#curves svg[aria-label='{name}']")

    def handles(self, name):
        return self.strip(name).find_elements(By.CSS_SELECTOR, ".handle") if self.all(f"#curves svg[aria-label='{name}']") else []

    def frames(self, name):
        """Where the keyframes are, as the server says."""
        answer = self.server.post("/api/curves", {"settings": self.text_of_form()}).json()
        self.assertEqual(answer["problems"], [])
        return [one["f"] for one in next(curve for curve in answer["curves"] if curve["name"] == name)["keyframes"]]

    def text_of_form(self):
        return self.browser.execute_async_script(
            "const done = arguments[0]; import('/pages/form.js').then((form) => done(form.settingsText()))")

    def drag(self, name, index, frames, up=0):
        """A keyframe by so many frames to the right, and pixels upwards."""
        handle = self.handles(name)[index]
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
        width = self.browser.execute_script(
            "return document.querySelector(`#curves svg[aria-label='${arguments[0]}'] .frame`).getBoundingClientRect().width", name)
        right = round(frames * width / (20 - FIRST))
        ActionChains(self.browser).move_to_element(handle).click_and_hold().move_by_offset(right // 2, -up // 2) \
            .move_by_offset(right - right // 2, -up - (-up // 2)).release().perform()

    def test_the_server_computes_values_and_keyframes(self):
        answer = self.server.post("/api/curves", {
            "settings": "scenes: 'a hill:[0: 1, 8: 0]'\n" + "".join(f"{name}: {value}\n" for name, value in FLIGHT.items())
            + "rotate_2d: '0:(1), 10:(6)'\ntranslate_x: [{frame: 0, value: 0, ease: in_quad}, {frame: 2.5s, value: 100}]\nzoom_x_2d: 3*sin(t)\n"}).json()
        self.assertEqual(answer["problems"], [])
        self.assertEqual(answer["every"], 1)
        curves = {curve["name"]: curve for curve in answer["curves"]}
        self.assertEqual(set(curves), {"scene 1, a hill", "rotate_2d", "translate_x", "zoom_x_2d"})
        moves = [index for index, f in enumerate(answer["f"]) if f >= 0]
        self.assertEqual([answer["f"][i] for i in moves], list(range(21)))
        for i in moves:
            f = answer["f"][i]
            self.assertAlmostEqual(answer["t"][i], f / 4)
            self.assertAlmostEqual(curves["rotate_2d"]["values"][i], 1 + min(f, 10) / 2)
            self.assertAlmostEqual(curves["translate_x"]["values"][i], min(f, 10) ** 2)
            self.assertAlmostEqual(curves["scene 1, a hill"]["values"][i], 1 - min(f, 8) / 8)
        self.assertEqual(curves["rotate_2d"]["keyframes"], [{"f": 0, "value": 1}, {"f": 10, "value": 6}])
        self.assertEqual(curves["translate_x"]["keyframes"], [{"f": 0, "value": 0}, {"f": 10, "value": 100}])
        self.assertEqual(curves["zoom_x_2d"]["keyframes"], [])
        wrong = self.server.post("/api/curves", {"settings": "scenes: a hill\nanimation_mode: 2D\nrotate_2d: '0: 1, 0: 2'\n"}).json()
        self.assertEqual(wrong["curves"], [])
        self.assertEqual([problem["setting"] for problem in wrong["problems"]], ["rotate_2d"])

    def test_a_keyframe_is_dragged(self):
        self.flight(rotate_2d="0:(1), 10:(6), 20:(2+sin(t))")
        self.until(lambda: len(self.handles("rotate_2d")) == 3)
        self.drag("rotate_2d", 1, 5)
        self.until(lambda: self.value("rotate_2d") == "0:(1), 15:(6), 20:(2+sin(t))")
        self.until(lambda: self.frames("rotate_2d") == [0, 15, 20])
        self.drag("rotate_2d", 1, 0, up=-30)
        moved = self.until(lambda: (text := self.value("rotate_2d")) != "0:(1), 15:(6), 20:(2+sin(t))" and text)
        place, value = moved.split(", ")[1].rstrip(")").split(":(")
        self.assertEqual(place, "15")
        # The strip's frame has the heights from 1 to 6, and 30 pixels are so much of them.
        tall = self.browser.execute_script("return document.querySelector('#curves .frame').getBoundingClientRect().height")
        self.assertAlmostEqual(float(value), 6 - 5 * 30 / tall, delta=0.1)
        # A formula moves in time only, and not past its neighbour.
        self.drag("rotate_2d", 2, -15, up=20)
        self.until(lambda: self.value("rotate_2d") == f"0:(1), 15:({value}), 16:(2+sin(t))")
        self.until(lambda: self.text("verdict").startswith("no problems found"))

    def test_keys_do_the_same(self):
        self.flight(rotate_2d="0: 1 in_out_sine, 2.5s: 6, 20: 1")
        self.until(lambda: len(self.handles("rotate_2d")) == 3)
        for frame in "11", "12":
            self.send(lambda: self.handles("rotate_2d")[1], Keys.ARROW_RIGHT)
            self.until(lambda: self.handles("rotate_2d")[1].get_attribute("aria-valuenow") == frame)
        self.until(lambda: self.value("rotate_2d") == "0: 1 in_out_sine, 3s: 6, 20: 1")
        self.send(lambda: self.handles("rotate_2d")[1], Keys.ARROW_UP)
        self.until(lambda: self.value("rotate_2d") == "0: 1 in_out_sine, 3s: 6.1, 20: 1")
        self.assertIn("frame 12", self.handles("rotate_2d")[1].get_attribute("aria-valuetext"))
        self.send(lambda: self.handles("rotate_2d")[1], Keys.INSERT)  # half the way to the next one
        self.until(lambda: len(self.handles("rotate_2d")) == 4 and self.frames("rotate_2d") == [0, 12, 16, 20])
        self.assertTrue(self.value("rotate_2d").startswith("0: 1 in_out_sine, 3s: 6.1, 4s: "))
        self.until(lambda: self.focused("aria-label") == "rotate_2d, keyframe 3 of 4")
        self.send(lambda: self.handles("rotate_2d")[2], Keys.DELETE)
        self.until(lambda: self.value("rotate_2d") == "0: 1 in_out_sine, 3s: 6.1, 20: 1")
        for left in 2, 1, 0:
            self.until(lambda: len(self.handles("rotate_2d")) == left + 1)
            self.send(lambda: self.handles("rotate_2d")[0], Keys.DELETE)
            self.until(lambda: len(self.handles("rotate_2d")) == left)
        self.until(lambda: self.value("rotate_2d") == "1")

    def test_a_late_answer_does_not_bring_back_what_was_changed(self):
        self.flight(rotate_2d="0: 1, 2.5s: 6, 20: 1")
        self.until(lambda: len(self.handles("rotate_2d")) == 3 and self.text("verdict").startswith("no problems found"))
        # The answers to come wait until they are let go; `handled`: the page has worked with one.
        self.browser.execute_script(
            "const plain = window.fetch; window.held = []; window.handled = 0;"
            "window.fetch = (path, options) => path !== '/api/curves' ? plain(path, options) : new Promise((go) => held.push("
            "  () => go(plain(path, options).then((answer) => {"
            "    const json = answer.json.bind(answer);"
            "    answer.json = () => json().finally(() => setTimeout(() => ++handled));"
            "    return answer; }))))")
        self.send(lambda: self.handles("rotate_2d")[1], Keys.ARROW_RIGHT)
        self.until(lambda: self.browser.execute_script("return held.length") == 1)
        self.send(lambda: self.handles("rotate_2d")[1], Keys.DELETE)
        self.until(lambda: self.value("rotate_2d") == "0: 1, 20: 1")
        self.browser.execute_script("held[0]()")
        self.until(lambda: self.browser.execute_script("return handled") == 1)
        self.assertEqual([handle.get_attribute("aria-valuenow") for handle in self.handles("rotate_2d")], ["0", "20"])
        self.send(lambda: self.handles("rotate_2d")[1], Keys.ARROW_LEFT)
        self.until(lambda: self.value("rotate_2d") == "0: 1, 19: 1")

    def test_lists_of_yaml_stay_lists(self):
        yaml = self.folder / "mine.yaml"
        yaml.write_text("scenes: a hill\n" + "".join(f"{name}: {value}\n" for name, value in FLIGHT.items())
                        + "translate_x:\n  - {frame: 0, value: 0, ease: in_quad}\n  - {frame: 10, value: 100}\n"
                        + "translate_y: {0: 0, 2.5s: 30}\n")
        self.by("file").send_keys(str(yaml))
        self.browser.execute_script("document.getElementById('curves-group').open = true")
        self.until(lambda: self.value("translate_x") == "[{frame: 0, value: 0, ease: in_quad}, {frame: 10, value: 100}]")
        self.until(lambda: len(self.handles("translate_x")) == 2 and len(self.handles("translate_y")) == 2)
        self.send(lambda: self.handles("translate_x")[1], Keys.ARROW_LEFT)
        self.until(lambda: self.value("translate_x") == "[{frame: 0, value: 0, ease: in_quad}, {frame: 9, value: 100}]")
        self.send(lambda: self.handles("translate_x")[0], Keys.INSERT)
        self.until(lambda: self.frames("translate_x") == [0, 5, 9] or self.frames("translate_x") == [0, 4, 9])
        self.send(lambda: self.handles("translate_y")[1], Keys.ARROW_RIGHT)
        self.until(lambda: self.value("translate_y") == "{0: 0, 2.75s: 30}")
        # What is saved is a settings file that says the same.
        entries = {entry["name"]: entry["value"] for entry in self.server.post("/api/settings/read", self.text_of_form()).json()["entries"]}
        self.assertEqual(entries["translate_y"], {"0": "0", "2.75s": "30"})
        self.assertEqual(entries["translate_x"][0], {"frame": "0", "value": "0", "ease": "in_quad"})
        self.assertEqual([one["frame"] for one in entries["translate_x"]][::2], ["0", "9"])
        self.until(lambda: self.text("verdict").startswith("no problems found"))

    def test_lists_of_numbers_and_prompts(self):
        self.flight(animation_mode="3D", rotate_3d="0: [1, 0, 0, 0], 10: [1, 0, 0.2, 0]", scenes="a hill:[0: 1, 8: 0] | a lake:[0: 0, 8: 1]")
        self.until(lambda: len(self.handles("rotate_3d[2]")) == 2 and len(self.handles("scene 1, a lake")) == 2)
        self.send(lambda: self.handles("rotate_3d[2]")[1], Keys.ARROW_DOWN)
        self.until(lambda: self.value("rotate_3d") == "0: [1, 0, 0, 0], 10: [1, 0, 0.199, 0]")
        self.send(lambda: self.handles("scene 1, a lake")[1], Keys.ARROW_RIGHT)
        self.until(lambda: self.value("scenes") == "a hill:[0: 1, 8: 0] | a lake:[0: 0, 9: 1]")

    def test_a_setting_gets_keyframes(self):
        self.flight(zoom_x_2d="4", rotate_2d="3*sin(t)")
        self.until(lambda: [one.get_attribute("aria-label") for one in self.all("#curves svg")] == ["rotate_2d"])
        self.assertEqual(self.handles("rotate_2d"), [])
        self.until(lambda: self.browser.execute_script(
            "const choice = document.getElementById('curve-new'); choice.value = 'zoom_x_2d';"
            "choice.dispatchEvent(new Event('change')); return document.getElementById('setting-zoom_x_2d').value !== '4'"))
        self.assertEqual(self.value("zoom_x_2d"), "0: (4), 20: (4)")
        self.until(lambda: len(self.handles("zoom_x_2d")) == 2)
        # A mistake elsewhere leaves the curves as they were.
        self.write("width", "forty")
        self.until(lambda: self.text("curves-state").startswith("as before"))
        self.assertEqual(len(self.handles("zoom_x_2d")), 2)


def load_tests(loader, tests, pattern):
    """Those of this class alone: StudioTest has others of its own."""
    return unittest.TestSuite(CurvesTest(name) for name in vars(CurvesTest) if name.startswith("test_"))


if __name__ == "__main__":
    unittest.main()
