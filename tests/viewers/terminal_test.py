"""terminal_preview in real terminals: what it sends, and what tmux makes of it."""
import base64
import os
import re
import select
import shutil
import signal
import subprocess
import time
import unicodedata
import unittest

import numpy as np
from PIL import Image

import program
from program import QUARTERS, InFolder, Terminal, environment, show, small_run

BLOCKS = {chr(c) for c in range(0x2580, 0x25A0)}


def rows_of_picture(output):
    """The rows of the last picture that was drawn by characters."""
    text = output.decode()
    start = text.rindex("\x1b[?25l", 0, text.rindex("\x1b[0m\x1b[K"))
    rows = [row for row in text[start:].split("\n") if "\x1b[0m\x1b[K" in row]
    return [re.sub(r"\x1b(\[[0-9;?]*[A-Zln-z]|[78])", "", row.split("\x1b[0m\x1b[K")[0]) for row in rows]


def characters(row):
    return re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[78])", "", row).replace("\r", "")


def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def row_colours(row):
    """All true colours of a row."""
    return [tuple(map(int, c)) for c in re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", row)]


def colour_of(index):
    """A colour of the 6 x 6 x 6 among a terminal's 256."""
    level = [0, 95, 135, 175, 215, 255]
    index -= 16
    return (level[index // 36], level[index // 6 % 6], level[index % 6]) if 0 <= index < 216 else (-999, -999, -999)


def decode_sixel(data):
    """The pixels {(x, y): (r, g, b)} of a sixel picture."""
    colours, pixels, x, y, colour = {}, {}, 0, 0, None
    body = re.match(rb"\x1bP[0-9;]*q(.*?)\x1b\\", data, re.S).group(1).decode()
    body = re.sub(r'^"[0-9;]*', "", body)
    for token in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|([$-])", body):
        index, r, g, b, chosen, count, repeated, single, move = token.groups()
        if index:
            colours[int(index)] = tuple(round(int(v) * 2.55) for v in (r, g, b))
        elif chosen:
            colour = colours[int(chosen)]
        elif move:
            x, y = 0, y + (6 if move == "-" else 0)
        else:
            bits = ord(repeated or single) - 63
            for _ in range(int(count or 1)):
                for bit in range(6):
                    if bits >> bit & 1:
                        pixels[x, y + bit] = colour
                x += 1
    return pixels


class Sequences(InFolder):
    def test_characters_in_true_colour_are_near_the_picture(self):
        output, status = show(self.folder, small_run(), TERM="xterm-256color")
        self.assertEqual(status, 0)
        rows = rows_of_picture(output)
        cells = []
        for row in rows:
            back, cells_of_row = None, []
            for sgr, char in re.findall(r"\x1b\[([0-9;]*)m|([^\x1b\r\n])", row):
                if sgr:
                    for part in re.finditer(r"48;2;(\d+);(\d+);(\d+)|(?:^|;)(0)(?=;|$)", sgr):
                        back = None if part.group(4) else tuple(map(int, part.groups()[:3]))
                elif char:
                    cells_of_row.append(back)
            cells.append(cells_of_row)
        high, wide = len(cells), len(cells[0])
        self.assertGreater(high, 10)
        self.assertEqual(wide, 2 * high)  # a square picture of cells twice as high as wide
        for i, colour in enumerate(QUARTERS):
            self.close_to(cells[high // 4 + i // 2 * high // 2][wide // 4 + i % 2 * wide // 2], colour, 8)

    def test_fewer_colours_where_the_terminal_has_fewer(self):
        output, _ = show(self.folder, small_run(), TERM="xterm")
        self.assertIn(b"48;5;", output)
        self.assertNotIn(b"48;2;", output)
        output, _ = show(self.folder, small_run(), TERM="linux")
        self.assertNotIn(b"48;5;", output)
        self.assertRegex(output, rb"\x1b\[[0-9;]*(4|10)[0-7]m")

    def test_no_color(self):
        output, _ = show(self.folder, small_run(), TERM="xterm-kitty", NO_COLOR="1")
        self.assertEqual(set(re.findall(rb"\x1b\[([0-9;]*)m", output)) - {b"0", b"7", b"27"}, set())
        self.assertNotIn(b"\x1b_G", output)
        self.assertTrue(set("".join(map(characters, rows_of_picture(output)))) & BLOCKS)

    def test_kitty(self):
        # Of pictures that come while one is drawn the newest is: how many are drawn is a matter of luck.
        terminal = Terminal(self.folder, small_run("steps_per_scene=40000", "display_every=2"), pixels=(800, 480),
                            TERM="xterm-kitty")
        for _ in range(2):
            terminal.read_until(b"\x1b_Ga=T,", terminal.output.rfind(b"\x1b_Ga=T,") + 1)
        os.kill(terminal.pid, signal.SIGINT)
        self.assertEqual(terminal.end(), 130)
        output = terminal.output
        pictures = output.split(b"\x1b_Ga=T,")[1:]
        self.assertGreaterEqual(len(pictures), 2)
        head = dict(part.split(b"=") for part in pictures[-1].split(b"\x1b\\")[0].split(b","))
        self.assertEqual(head[b"f"], b"32")
        wide, high = int(head[b"s"]), int(head[b"v"])
        self.assertEqual(int(head[b"c"]), 2 * int(head[b"r"]))
        data = b"".join(map(base64.b64decode, re.findall(rb"\x1b_Gm=1;([^\x1b]*)\x1b", pictures[-1])))
        self.assertEqual(len(data), 4 * wide * high)
        for i, colour in enumerate(QUARTERS):
            at = 4 * ((high // 4 + i // 2 * high // 2) * wide + wide // 4 + i % 2 * wide // 2)
            self.close_to(data[at:at + 3], colour, 3)
        # The one before is taken away, or the terminal would keep them all.
        self.assertIn(b"\x1b_Ga=d,d=C\x1b\\", output.split(b"\x1b_Ga=T,")[1])

    def test_signals_leave_the_picture_as_it_is(self):
        # oneDNN's matrix products lend the stack pointer to the heap: a handler there would write over tensors.
        words = [w.replace("=0.000001", "=0.1") for w in small_run("steps_per_scene=60")]
        quiet, status = show(self.folder, [*words, "file_namespace=quiet"], TERM="xterm")
        self.assertEqual(status, 0, quiet[-2000:])
        terminal = Terminal(self.folder, [*words, "file_namespace=disturbed"], TERM="xterm")
        terminal.read_until(b"\x1b[?25h")
        while b"saved images_out" not in terminal.output:
            os.kill(terminal.pid, signal.SIGCONT)
            if select.select([terminal.fd], [], [], 0.003)[0] and not terminal.read():
                break
        self.assertEqual(terminal.end(), 0, terminal.output[-2000:])
        pixels = [np.asarray(Image.open(self.folder / f"images_out/{name}/{name}_1.png")) for name in
                  ("quiet", "disturbed")]
        np.testing.assert_array_equal(*pixels)

    def test_sixel(self):
        output, status = show(self.folder, small_run(), pixels=(800, 480), TERM="foot")
        self.assertEqual(status, 0)
        pixels = decode_sixel(output[output.rindex(b"\x1bP"):])
        wide, high = max(x for x, _ in pixels) + 1, max(y for _, y in pixels) + 1
        self.assertGreater(high, 300)
        for i, colour in enumerate(QUARTERS):
            self.close_to(pixels[wide // 4 + i % 2 * wide // 2, high // 4 + i // 2 * high // 2], colour, 8)

    def test_a_multiplexer_gets_characters_whatever_is_around_it(self):
        output, _ = show(self.folder, small_run(), TERM="tmux-256color", TMUX="/tmp/x,1,0", KONSOLE_VERSION="230400",
                         TERM_PROGRAM="WezTerm")
        self.assertNotIn(b"\x1bP", output)
        self.assertTrue(rows_of_picture(output))

    def test_a_dumb_terminal_gets_the_plain_bar(self):
        output, status = show(self.folder, small_run(), TERM="dumb")
        self.assertEqual(status, 0)
        self.assertNotIn(b"\x1b[?25", output)
        self.assertIn(b"saved images_out", output)

    def test_no_escape_codes_in_a_pipe(self):
        result = self.render(*small_run("viewers=terminal_preview", "show_graphs=true"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("\x1b", result.stderr + result.stdout)
        self.assertIn("step 8/8", result.stderr)
        self.assertIn("saved images_out", result.stderr)

    def test_display_every_0_is_the_plain_bar(self):
        output, _ = show(self.folder, small_run("display_every=0"), TERM="xterm-256color")
        self.assertNotIn(b"\x1b[?25", output)

    def test_clear_every(self):
        count = {}
        for every in (0, 8, 4):
            output, _ = show(self.folder, small_run(f"clear_every={every}", "steps_per_scene=16"), TERM="xterm")
            count[every] = output.count(b"\x1b[2J")
        self.assertEqual(count[0], 0)
        # Pictures that come while one is drawn are left out; the clear is not.
        self.assertEqual([count[8] in (1, 2), count[4] in range(1, 5)], [True, True], count)

    def test_size_of_the_terminal_and_display_scale(self):
        for size, scale, rows in (((24, 80), 1, 21), ((24, 80), 0.5, 10), ((40, 30), 1, 14), ((24, 80), 7, 21)):
            output, _ = show(self.folder, small_run(f"display_scale={scale}"), rows=size[0], columns=size[1],
                             TERM="xterm")
            drawn = rows_of_picture(output)
            self.assertAlmostEqual(len(drawn), rows, delta=1, msg=(size, scale))
            self.assertLess(columns(characters(drawn[0])), size[1])

    def test_too_small_for_a_picture(self):
        output, status = show(self.folder, small_run(), rows=4, columns=20, TERM="xterm")
        self.assertEqual(status, 0)
        self.assertNotIn(b"\x1b[0m\x1b[K", output)
        self.assertIn("█".encode(), output)  # the bar

    def test_follows_a_change_of_size(self):
        terminal = Terminal(self.folder, small_run("steps_per_scene=4000"), TERM="xterm")
        terminal.read_until(b"\x1b[0m\x1b[K")
        terminal.resize(40, 120)
        before = len(terminal.output)
        terminal.read_until(b"\x1b[2J", before)
        terminal.read_until(b"\x1b[?25h", before)
        terminal.read_until(b"\x1b[?25h", len(terminal.output))
        os.kill(terminal.pid, signal.SIGINT)
        self.assertEqual(terminal.end(), 130)
        self.assertGreater(len(rows_of_picture(terminal.output)), 30)

    def test_palette(self):
        words = [w for w in small_run("image_model=limited_palette", "palettes=2", "palette_size=4",
                                      "show_palette=true") if not w.startswith(("init_image", "learning_rate"))]
        with_swatch, status = show(self.folder, words, TERM="xterm-256color")
        self.assertEqual(status, 0)
        rows = rows_of_picture(with_swatch)
        # The last colours are in a file, too: two palettes beside each other, each with four colours below each other.
        file = Image.open(self.folder / "images_out/default/default_palette.png")
        self.assertEqual(file.width * 4, file.height * 2)
        side = file.width // 2
        wanted = [file.getpixel((x * side + side // 2, y * side + side // 2)) for y in range(4) for x in range(2)]
        swatch = rows[-2:]  # of two rows to a character
        shown = [colours for row in swatch for colours in row_colours(row)]
        for colour in wanted:
            self.assertTrue(any(max(abs(a - b) for a, b in zip(c, colour)) <= 2 for c in shown), (colour, swatch))

    def test_sparklines(self):
        words = small_run("show_graphs=true", "steps_per_scene=40", "display_every=20")
        words[0] = "scenes=赤い心 | a very long prompt that does not fit into its place:0.5"
        output, _ = show(self.folder, words, TERM="xterm")
        text = output.decode()
        last = text[text.rindex("\x1b[?25l"):]
        lines = [characters(line) for line in last.split("\n")]
        sparks = [line for line in lines if re.search(r" -?\d+\.\d{4} [▁▂▃▄▅▆▇█]{20}", line)]
        self.assertEqual(len(sparks), 3, lines)
        self.assertTrue(sparks[2].startswith("smoothing "))
        self.assertTrue(sparks[0].startswith("赤い心 "))
        self.assertTrue(sparks[1].startswith("a very long prompt that "))
        # Their bars begin at the same column, however wide the letters are.
        starts = {columns(re.split("[▁▂▃▄▅▆▇█]", line)[0]) for line in sparks}
        self.assertEqual(len(starts), 1, sparks)
        for line in sparks:
            self.assertLess(columns(line), 80)
            self.assertIn("▁", line)
            self.assertIn("█", line)

    def test_orders_in_a_prompt_are_not_obeyed(self):
        words = small_run()
        words[0] = "scenes=a heart \x1b[31mred\x07"
        output, status = show(self.folder, words, TERM="xterm-256color")
        self.assertEqual(status, 0)
        self.assertNotIn(b"\x1b[31m", output)
        self.assertNotIn(b"\x07", output)

    def test_ctrl_c_leaves_the_terminal_as_it_was(self):
        terminal = Terminal(self.folder, small_run("steps_per_scene=4000"), TERM="xterm-256color")
        terminal.read_until(b"\x1b[0m\x1b[K")
        os.write(terminal.fd, b"\x03")
        self.assertEqual(terminal.end(), 130)
        # The last one counts: with Ctrl-C, the system throws away what the terminal has not read yet.
        self.assertGreater(terminal.output.rindex(b"\x1b[?25h"), terminal.output.rindex(b"\x1b[?25l"))
        self.assertIn(b"interrupted after", terminal.output)
        self.assertIn(b"--restore", terminal.output)

    def test_a_blocked_terminal_does_not_stop_the_render(self):
        # Nobody reads: the terminal's buffer is full after the first picture.
        terminal = Terminal(self.folder, small_run("steps_per_scene=40", "save_every=10"), rows=100, columns=300,
                            stdout=self.folder / "out", TERM="xterm-256color")
        last = self.folder / "images_out/default/default_4.png"
        deadline = time.monotonic() + 120
        while not last.exists():
            self.assertLess(time.monotonic(), deadline, "the render waits for the terminal")
            time.sleep(0.05)
        self.assertEqual(terminal.end(), 0)


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed (Debian: tmux)")
class InTmux(InFolder):
    def setUp(self):
        super().setUp()
        self.server = f"reverie-{os.getpid()}-{self._testMethodName}"  # one each: the last one may still be ending

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", self.server, "-f", "/dev/null", *words],
                              env=environment(TERM="xterm-256color", LC_ALL="C.UTF-8"), cwd=self.folder,
                              capture_output=True, text=True, check=True).stdout

    def screen_after(self, words, columns, rows):
        """What stands on the screen of a shell in which the run came to its end, and the same with its colours."""
        command = " ".join(["'" + w.replace("'", "'\\''") + "'" for w in [program.PROGRAM, "render", *words]])
        script = self.folder / "run.sh"
        script.write_text(f"echo before the run\n{command}\necho status $?\n"
                          f"tmux -L {self.server} wait-for -S done\nexec sleep 1000\n")
        self.tmux("-u", "new-session", "-d", "-x", str(columns), "-y", str(rows), f"OMP_NUM_THREADS=1 sh {script}")
        self.addCleanup(self.tmux, "kill-server")
        self.tmux("wait-for", "done")
        return (self.tmux("capture-pane", "-p", "-S", "-200"), self.tmux("capture-pane", "-p", "-e", "-S", "-200"))

    def test_the_picture_is_drawn_in_its_place(self):
        words = small_run("steps_per_scene=60", "save_every=10", "show_graphs=true")
        words[0] = "scenes=赤い心 | a hill:0.5"
        plain, coloured = self.screen_after(words, 80, 24)
        lines = plain.rstrip("\n").split("\n")
        self.assertEqual(lines[0], "before the run", plain)
        self.assertIn("status 0", plain)
        # One picture and one line of everything, however often they were drawn.
        self.assertEqual(plain.count("steps/s"), 1, plain)
        self.assertEqual(plain.count("saved "), 1, plain)
        self.assertEqual(plain.count("赤い心"), 1, plain)
        self.assertIn("60/60", plain)
        self.assertLess(max(map(columns, lines[:-4])), 80)
        first = next(i for i, line in enumerate(lines) if set(line) & BLOCKS)
        picture = lines[first:next(i for i, line in enumerate(lines) if "赤い心" in line)]
        self.assertGreater(len(picture), 10, plain)
        self.assertTrue(all(c in BLOCKS or c == " " for line in picture for c in line), plain)
        # Its quarters' colours, whichever of a cell's two colours they are.
        row = coloured.split("\n")[first + len(picture) // 4]
        colours = [colour_of(int(index)) for index in re.findall(r"[34]8;5;(\d+)", row)]
        for wanted in QUARTERS[:2]:
            self.assertTrue(any(max(abs(a - b) for a, b in zip(c, wanted)) <= 48 for c in colours), (wanted, row))

    def test_messages_stay_above_the_picture(self):
        words = small_run("steps_per_scene=30")
        words[0] = "scenes=a red heart || a hill:1:50 || a tree"  # the second is held at once
        plain, _ = self.screen_after(words, 80, 24)
        lines = plain.rstrip("\n").split("\n")
        said = [i for i, line in enumerate(lines) if "is held by its stop" in line]
        self.assertEqual(len(said), 1, plain)
        self.assertEqual(lines[0], "before the run", plain)
        self.assertFalse(set("".join(lines[:said[0]])) & BLOCKS, plain)
        self.assertTrue(set(lines[said[0] + 1]) & BLOCKS, plain)
        self.assertEqual(plain.count("steps/s"), 1, plain)


if __name__ == "__main__":
    program.main()
