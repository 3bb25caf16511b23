"""A real browser looks at a real run: browser_test.py PROGRAM

Needs Debian's chromium, chromium-driver and python3-selenium. Nothing here waits for a time: every step waits for
what it says to become true, and fails when it does not after several minutes, which no machine is too busy for.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PROGRAM = sys.argv.pop(1)
PATIENCE = 300  # seconds
MODEL = sorted((Path(PROGRAM).parents[1] / "share/reverie/models").glob("*.safetensors"))[0].stem
SETTINGS = f"""
scenes: a red heart | blue sky:0.5 || a green leaf
perceptors: [{MODEL}]
image_model: Limited Palette
width: 48
height: 32
cutouts: 2
seed: 1
display_every: 1
save_every: 10
show_palette: true
"""


class Run:
    """`reverie render --preview`, and the address that it prints."""

    def __init__(self, folder, *words):
        self.process = subprocess.Popen(
            [PROGRAM, "render", "--preview", "settings.yaml", *words], cwd=folder, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.said, self.address = [], None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"preview: (http://\S+)", line):
                self.address = found[1]
                break
        assert self.address, f"no address in: {''.join(self.said)}"
        self.token = self.address.split("token=")[1]
        self.port = int(re.search(r":(\d+)/", self.address)[1])
        self.reader = threading.Thread(target=lambda: self.said.extend(self.process.stderr))
        self.reader.start()

    def pause(self, after=None):
        """Stops the run, or the one that comes after that of this identity, so that it does not end before the browser
        is there; its identity."""
        while True:
            try:
                run = self.ask("GET", "state")
                if run["id"] != after and self.ask("POST", "pause") is None:
                    return run["id"]
            except (ConnectionError, http.client.HTTPException):
                assert self.process.poll() is None, "it is over"
            time.sleep(0.005)

    def ask(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, "/api/run/" + path, headers={"Authorization": "Bearer " + self.token})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return json.loads(body) if body else None

    def end(self):
        """The exit status."""
        status = self.process.wait(timeout=PATIENCE)
        self.reader.join()
        self.process.stderr.close()
        return status

    def abandon(self):
        if self.process.returncode is None:
            self.process.kill()
            self.end()


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        Path(cls.folder.name, "settings.yaml").write_text(SETTINGS)
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        # The sandbox needs rights that containers do not give; the page is our own.
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                         "--no-proxy-server", f"--user-data-dir={cls.folder.name}/browser"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            os.environ.pop(name, None)  # the driver is on this machine, too
        cls.browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.folder.cleanup()

    # What can be seen.

    def find(self, name):
        return self.browser.find_element(By.ID, name)

    def text(self, name):
        return self.browser.execute_script("return document.getElementById(arguments[0]).textContent", name)

    def texts(self, selector):
        """What stands in all of these that can be seen, read at one moment."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].filter((one) => one.getClientRects().length)"
            ".map((one) => one.innerText.replace(/\\s+/g, ' ').trim())", selector)

    def until(self, condition, what):
        try:
            # The page replaces what it shows whenever there is news.
            return WebDriverWait(self.browser, PATIENCE, 0.05, [StaleElementReferenceException]).until(lambda _: condition())
        except TimeoutException:
            self.fail(f"it never came: {what}; the page says: {self.find('trouble').text} "
                      f"{self.text('state')} step {self.text('step')}")

    def step(self):
        words = self.text("step").split(" / ")
        return int(words[0]) if len(words) == 2 else 0

    def until_step(self, number):
        self.until(lambda: self.step() >= number, f"step {number}")

    def until_state(self, state):
        self.until(lambda: self.text("state") == state, state)

    def picture(self):
        """Its address and its pixels."""
        return self.browser.execute_script("""
            const image = document.getElementById('picture');
            if (image.hidden || !image.complete || !image.naturalWidth) return null;
            const canvas = document.createElement('canvas');
            canvas.width = image.naturalWidth;
            canvas.height = image.naturalHeight;
            canvas.getContext('2d').drawImage(image, 0, 0);
            return [image.getAttribute('src'), canvas.toDataURL()];""")

    def until_shown(self, address):
        """A picture of an address that starts like this; its pixels."""
        return self.until(lambda: (now := self.picture()) and now[0].startswith(address) and now[1], address)

    def steps_of_graph(self, name):
        """The first and the last step of a graph, as its readout shows them to keyboard users. After very many
        steps, a place in it stands for several."""
        canvas = self.browser.find_element(By.CSS_SELECTOR, f"#{name} > canvas")

        def readout(key):
            canvas.send_keys(key)  # each time: news may take the cursor away, where many steps become one place
            return next(iter(self.texts(f"#{name} .readout")), "")
        steps = []
        for key, place in (Keys.HOME, 0), (Keys.END, -1):
            text = self.until(lambda: readout(key), "the readout")
            steps.append(int(re.findall(r"\d+", text)[place]))
        self.browser.execute_script("document.activeElement.blur()")
        return steps

    def drawn_colours(self, name):
        """How many pixels of a graph have each of its series' colours."""
        return self.browser.execute_script("""
            const canvas = document.querySelector(`#${arguments[0]} > canvas`);
            const all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            return [...document.querySelectorAll(`#${arguments[0]} .legend canvas`)].map((swatch) => {
              const [r, g, b] = swatch.getContext('2d').getImageData(0, 0, 1, 1).data;
              let count = 0;
              for (let i = 0; i < all.length; i += 4)
                count += all[i] === r && all[i + 1] === g && all[i + 2] === b && all[i + 3] === 255;
              return count;
            });""", name)

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def overflow(self):
        return self.browser.execute_script("return document.documentElement.scrollWidth - innerWidth")

    def show_as(self, width, height, colours):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": colours}]})

    def brightness(self, what):
        colour = self.browser.execute_script(f"return getComputedStyle(document.body).{what}")
        return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3

    def check_console(self):
        """Nothing went wrong, but for looking for the next run where there is none, and for the end of a run that did not
        wait any longer for a page on a busy machine: then its process is gone, whatever the page asks it for."""
        gone = re.compile(r"/api/run/\S+ - Failed to load resource: net::ERR_(CONNECTION|INCOMPLETE|EMPTY_RESPONSE)")
        self.assertEqual([entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE" and
                          not gone.search(entry["message"])], [])

    def kept_files(self):
        return sorted(path.name for path in Path(self.folder.name).glob("images_out/*/*_step_*.png"))

    # The story of one run.

    def test_a_run_from_start_to_end(self):
        run = Run(self.folder.name, "steps_per_scene=100000")
        self.addCleanup(run.abandon)
        self.browser.get(run.address)
        self.assertEqual(self.browser.current_url, f"http://127.0.0.1:{run.port}/", "the token stays in no address")

        with self.subTest("the picture changes"):
            first = self.until(self.picture, "a picture")
            self.until(lambda: (now := self.picture()) and now[0] != first[0] and now[1] != first[1], "another one")

        with self.subTest("the graphs grow"):
            self.until_step(5)
            start, end = self.steps_of_graph("distances")
            self.assertEqual(start, 1)
            self.until_step(end + 5)
            self.assertGreaterEqual(self.steps_of_graph("distances")[1], end + 5)
            self.until(lambda: len(self.drawn_colours("distances")) == 2 and min(self.drawn_colours("distances")) > 20,
                       "both prompts' lines")
            self.assertEqual(self.steps_of_graph("losses")[0], 1)

        with self.subTest("a legend's button takes a line away and brings it back"):
            button = self.browser.find_element(By.CSS_SELECTOR, "#distances .legend button")
            button.send_keys(Keys.SPACE)
            self.assertEqual(button.get_attribute("aria-pressed"), "false")
            self.until(lambda: self.drawn_colours("distances")[0] == 0, "one line less")
            button.send_keys(Keys.SPACE)
            self.until(lambda: self.drawn_colours("distances")[0] > 20, "the line again")
            self.browser.execute_script("document.activeElement.blur()")

        with self.subTest("settings change while it runs"):
            field = lambda name: self.browser.find_element(By.CSS_SELECTOR, f'#changes [data-setting="{name}"]')
            self.until(lambda: field("learning_rate").is_enabled(), "a field")
            field("learning_rate").send_keys("0.05", Keys.ENTER)
            self.until(lambda: re.match(r"From step \d+ on: learning_rate", self.text("change-answer")), "the answer")
            self.browser.execute_script("document.activeElement.blur()")

        with self.subTest("prompts, palette and settings are shown"):
            self.until(lambda: self.text("scene-text") == "Scene 1: a red heart | blue sky", "the scene")
            rows = self.until(lambda: (found := self.texts("#prompts tbody tr")) and len(found) == 2 and found, "two prompts")
            self.assertIn("100 %", rows[0])
            self.until(lambda: self.browser.execute_script("return document.getElementById('palette').naturalWidth") > 1,
                       "the palette")
            self.browser.find_element(By.CSS_SELECTOR, "details summary").send_keys(Keys.ENTER)
            self.find("filter").send_keys("cutouts")
            rows = self.texts("#settings tbody tr")
            self.assertIn("cutouts 2", rows)
            self.assertLess(len(rows), 8)
            self.find("filter").send_keys("xyz")  # 'x' and the like are text here, no commands
            self.assertFalse(self.find("ask-stop").is_displayed())
            self.browser.execute_script("document.activeElement.blur()")

        with self.subTest("pause stops the steps, and a picture can be kept meanwhile"):
            self.press("p")
            self.until_state("paused")
            self.press("k")
            self.until(self.kept_files, "a kept picture")
            at = int(re.search(r"_step_(\d+)\.png", self.kept_files()[0])[1])
            self.until(lambda: self.step() == at, "the step of the pause")
            self.find("keep").send_keys(Keys.ENTER)  # the run attends to it, and has made no step since
            self.until(lambda: self.text("kept").startswith("Kept 2"), "the second one is shown")
            self.assertEqual(len(self.kept_files()), 1)
            self.assertEqual(self.step(), at)

        with self.subTest("a reload keeps everything"):
            before = self.steps_of_graph("distances")
            self.browser.refresh()
            self.until_state("paused")
            self.until(lambda: self.step() == at, "its step")
            self.assertEqual(self.steps_of_graph("distances"), before)
            self.until(self.picture, "the picture")
            self.until(lambda: self.text("kept").startswith("Kept 2"), "what was kept")

        with self.subTest("two pages at once"):
            page = self.browser.current_window_handle
            self.browser.switch_to.new_window("window")
            self.browser.get(f"http://127.0.0.1:{run.port}/")
            self.until_state("paused")
            self.find("pause").send_keys(Keys.ENTER)
            self.until_state("running")
            other = self.browser.current_window_handle
            self.browser.switch_to.window(page)
            self.until_state("running")
            self.until_step(at + 5)

        with self.subTest("pages that go away or never read hold up nothing"):
            deaf = socket.create_connection(("127.0.0.1", run.port))
            self.addCleanup(deaf.close)
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            deaf.sendall(f"GET /api/run/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {run.token}\r\n\r\n"
                         .encode())
            self.browser.switch_to.window(other)
            self.browser.close()
            self.browser.switch_to.window(page)
            self.until_step(self.step() + 20)

        with self.subTest("the saved frames can be looked through"):
            self.until(lambda: self.find("scrubber").is_displayed() and int(self.find("frame").get_attribute("max")) >= 2,
                       "two frames")
            self.find("frame").send_keys(Keys.HOME)
            first = self.until_shown("/api/run/frames/1?")
            self.browser.execute_script("document.activeElement.blur()")
            self.press(Keys.ARROW_RIGHT)
            self.assertNotEqual(self.until_shown("/api/run/frames/2?"), first)
            self.press("l")
            self.until_shown("/api/run/picture")
            self.press(Keys.SPACE)
            playing = self.until(lambda: "/frames/" in (now := self.picture() or [""])[0] and now, "a frame")
            self.until(lambda: "/frames/" in (now := self.picture() or [""])[0] and now[0] != playing[0], "the next one")
            self.press("l")
            self.until_shown("/api/run/picture")

        with self.subTest("phones, and the dark"):
            for width, height in ((1280, 900), (390, 844), (320, 568)):
                self.show_as(width, height, "light")
                self.until(lambda: self.brightness("backgroundColor") > 200, "a light page")
                self.until(lambda: self.brightness("color") < 80, "dark letters")
                self.assertLessEqual(self.overflow(), 0, f"{width} pixels wide")
                self.show_as(width, height, "dark")
                self.until(lambda: self.brightness("backgroundColor") < 60, "a dark page")
                self.until(lambda: self.brightness("color") > 200, "light letters")
                self.assertLessEqual(self.overflow(), 0, f"{width} pixels wide, dark")
            self.until(lambda: min(self.drawn_colours("distances")) > 20, "lines in the colours of the dark")
            self.show_as(1280, 900, "light")

        with self.subTest("every button can be reached by the keyboard, and is seen to be"):
            wanted = {"pause", "keep", "stop", "fit", "live", "play", "frame"}
            for _ in range(150):
                self.press(Keys.TAB)
                name, outlined = self.browser.execute_script(
                    "const at = document.activeElement; return [at.id, getComputedStyle(at).outlineStyle !== 'none']")
                if outlined:
                    wanted.discard(name)
            self.assertEqual(wanted, set())
            self.browser.execute_script("document.activeElement.blur()")

        with self.subTest("stop asks, and ends the run"):
            self.press("x")
            self.until(lambda: self.find("ask-stop").is_displayed(), "the question")
            self.press(Keys.ENTER)  # the harmless answer is the one at hand
            self.until(lambda: not self.find("ask-stop").is_displayed(), "the question gone")
            self.assertEqual(self.text("state"), "running")
            self.press("x")
            self.until(lambda: self.find("ask-stop").is_displayed(), "the question again")
            self.press(Keys.TAB, Keys.ENTER)
            self.until_state("interrupted")
            self.until(lambda: self.find("news").is_displayed(), "what to do next")
            self.check_console()
            self.assertIn("--restore", self.find("news").text)
            self.assertFalse(self.find("pause").is_enabled())
            self.assertEqual(run.end(), 130)
            self.until_shown(f"/api/run/picture?step={self.step()}")

        with self.subTest("it goes on where it was, and the page shows the end"):
            stopped_at = self.step()
            # Two scenes; the first is over, as it is no longer than what is done.
            goal = 10 * (stopped_at // 10 + 60)  # far enough away to be paused before
            rest = Run(self.folder.name, "--restore", f"steps_per_scene={goal}", "scenes=a red heart | blue sky:0.5")
            self.addCleanup(rest.abandon)
            rest.pause()
            self.browser.get(rest.address)
            self.until_state("paused")
            self.press("p")
            self.until_state("finished")
            self.until(lambda: self.find("news").is_displayed(), "the end is shown")
            self.check_console()
            self.assertEqual(self.text("step"), f"{goal} / {goal}")
            self.assertGreater(self.steps_of_graph("distances")[0], stopped_at - 10)
            self.assertEqual(rest.end(), 0)
            self.until_shown(f"/api/run/picture?step={goal}")

    def test_a_page_follows_the_runs_of_one_command(self):
        run = Run(self.folder.name, "--multirun", "seed=1,2", "steps_per_scene=600", "file_namespace=both",
                  "scenes=a red heart")
        self.addCleanup(run.abandon)
        identity = run.pause()
        self.browser.get(run.address)
        self.until_state("paused")
        first = self.text("run")
        self.press("p")
        run.pause(after=identity)
        self.until(lambda: self.text("run") != first, "the second run, on the same page")
        self.until_state("paused")
        self.press("p")
        self.until_state("finished")
        self.assertEqual(run.end(), 0)
        self.assertEqual(sum("preview: " in line for line in run.said), 1, "one address for all")
        self.check_console()

    def test_another_run_at_the_same_address_is_shown(self):
        run = Run(self.folder.name, "steps_per_scene=100000", "file_namespace=first")
        self.addCleanup(run.abandon)
        self.browser.get(run.address)
        self.until_step(2)
        run.abandon()
        self.until(lambda: "lost" in self.find("trouble").text, "the lost connection is shown")
        other = Run(self.folder.name, "steps_per_scene=100000", "file_namespace=second", f"preview_port={run.port}")
        self.addCleanup(other.abandon)
        self.until(lambda: "another run" in self.find("trouble").text, "the other run is shown")
        self.browser.get_log("browser")  # nobody answered for a while

    def test_a_port_that_is_taken_costs_the_run_nothing_but_its_page(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = subprocess.run([PROGRAM, "render", "--preview", "settings.yaml", "steps_per_scene=2",
                                   "file_namespace=taken", f"preview_port={port}"], cwd=self.folder.name, text=True,
                                  capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, f"goes on without .*web_preview.*127.0.0.1:{port}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
