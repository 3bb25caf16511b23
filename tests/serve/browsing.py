"""The studio of a real server in a real browser. Nothing here waits for a time: every step waits for what it says to
become true, and fails when it does not after several minutes."""
import os
import shutil
import tempfile
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import ElementNotInteractableException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from serving import TINY, ServerTest


class BrowserTest(ServerTest):
    presets = {}  # more of the user's presets: their texts by name

    @classmethod
    def setUpClass(cls):
        # A preset of the user's, which paints in moments.
        cls.config = tempfile.mkdtemp()
        os.environ["XDG_CONFIG_HOME"] = cls.config
        folder = Path(cls.config) / "reverie/preset"
        folder.mkdir(parents=True)
        tiny = {name: value for name, value in TINY.items() if name != "perceptors"}
        for name, text in cls.presets.items():
            (folder / f"{name}.yaml").write_text(text)
        (folder / "in_moments.yaml").write_text("# Tiny, and of little use.\ndefaults: [paint, _self_]\nperceptors: [tiny_vit]\n"
                          + "".join(f"{name}: {value}\n" for name, value in tiny.items()))
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        # The sandbox needs rights that containers do not give; the page is our own.
        for argument in "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1300,1000":
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        shutil.rmtree(cls.config)

    def setUp(self):
        super().setUp()
        self.as_at_first()
        self.open()
        self.browser.execute_script("localStorage.clear(); document.getElementById('all').open = true")

    def tearDown(self):
        self.assertEqual(self.browser.title, "Reverie studio")
        messages = [entry["message"] for entry in self.browser.get_log("browser")]
        self.browser.get("about:blank")  # before the server ends
        self.assertEqual(messages, [])

    def as_at_first(self):
        """Without what a test that failed left behind: other tabs, another size."""
        first, *others = self.browser.window_handles
        for other in others:
            self.browser.switch_to.window(other)
            self.browser.close()
        self.browser.switch_to.window(first)
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        self.browser.set_window_size(1300, 1000)
        self.browser.get_log("browser")

    def open(self):
        self.browser.get(f"http://127.0.0.1:{self.server.port}/?token={self.server.token}")
        self.assertNotIn("token", self.browser.current_url)
        self.until(lambda: self.text("connection") == "connected" and self.by("setting-scenes"))

    def until(self, condition):
        # The page replaces what it shows whenever there is news.
        return WebDriverWait(self.browser, 300, 0.05, [StaleElementReferenceException, ElementNotInteractableException]).until(
            lambda _: condition())

    def by(self, name):
        return self.browser.find_element(By.ID, name)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def focused(self, attribute):
        """Of what has the focus at this moment."""
        return self.browser.execute_script("return document.activeElement.getAttribute(arguments[0])", attribute)

    def type(self, *keys):
        """To whatever has the focus then, which the page may replace at any moment."""
        ActionChains(self.browser).send_keys(*keys).perform()

    def send(self, find, *keys):
        """To what `find` finds, which is looked for again when the page replaced it meanwhile."""
        self.until(lambda: find().send_keys(*keys) or True)

    def text(self, name):
        """Empty where there is no such element yet."""
        return self.browser.execute_script("return document.getElementById(arguments[0])?.textContent ?? ''", name)

    def texts(self, selector):
        """What stands in all of these that can be seen, read at one moment."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].filter((one) => one.getClientRects().length)"
            ".map((one) => one.innerText.replace(/\\s+/g, ' ').trim())", selector)

    def text_of(self, selector):
        """Empty where there is no such element yet."""
        return self.browser.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def widths(self, selector):
        """Of pictures that have been loaded."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.naturalWidth)", selector)

    def pictures_loaded(self):
        """Until nothing is being loaded: what is deleted then is asked for by nobody."""
        self.until(lambda: self.browser.execute_script(
            "return [...document.images].every((one) => !one.getAttribute('src') || one.naturalWidth || !one.getClientRects().length)"))

    def field(self, name):
        found = self.by("setting-" + name)
        self.browser.execute_script("for (let at = arguments[0]; at; at = at.parentElement.closest('details')) at.open = true",
                                    found.find_element(By.XPATH, "ancestor::details[1]"))
        return found

    def write(self, name, value):
        self.field(name).clear()
        self.field(name).send_keys(value)

    def fill_in(self, scenes, **more):
        for name, value in {"scenes": scenes, **TINY, **more}.items():
            self.write(name, str(value))

    def run_button(self, number, label):
        return self.browser.find_element(By.CSS_SELECTOR, f"[data-run='{number}'] [aria-label^='{label}']")

    def click(self, found):
        """By the keyboard: what the pointer meets may have moved meanwhile."""
        found.send_keys(Keys.SPACE if found.tag_name == "input" else Keys.ENTER)

    def click_on(self, selector, index=0):
        """What is there already or comes soon, which is looked for again when the page replaced it meanwhile."""
        def try_it():
            found = self.all(selector)
            if len(found) <= index:
                return False
            self.click(found[index])
            return True
        self.until(try_it)

    def press(self, number, label):
        """A run's button, once it is there and can be used."""
        self.until(lambda: self.click(self.run_button(number, label)) or True)

    def chip(self, number):
        return self.browser.execute_script(
            "return document.querySelector(`[data-run='${arguments[0]}'] .chip`)?.textContent", number)
