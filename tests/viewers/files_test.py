"""loss_graph and tensorboard: what lies beside the frames, read by other programs."""
import collections
import colorsys
import io
import json
import re
import subprocess
import unittest

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import program
from program import InFolder, environment

# Few enough steps that each is reported.
RUN = ["perceptors=tiny_vit", "width=64", "height=48", "cutouts=4", "seed=1", "steps_per_scene=8", "display_every=2",
       "save_every=2", "smoothing_weight=0.1"]
LINE = re.compile(r"^step (\d+)/\d+ .* left(.*)$")
LOSS = re.compile(r"  (.+?) (-?\d+\.\d{4})(?=  |$)")


def hues(picture):
    """The colours of a graph's curves, in twelfths of the circle of colours."""
    count = collections.Counter()
    for number, colour in picture.convert("RGB").getcolors(1 << 20):
        hue, saturation, _ = colorsys.rgb_to_hsv(*(v / 255 for v in colour))
        if saturation > 0.5:
            count[round(hue * 12) % 12] += number
    return {hue for hue, number in count.items() if number > 100}


def printed_losses(text):
    """{(step, name): value} of what the program wrote line by line."""
    reported = {}
    for line in text.splitlines():
        if match := LINE.match(line):
            for name, value in LOSS.findall(match.group(2)):
                reported[int(match.group(1)), name] = float(value)
    return reported


class Graph(InFolder):
    def points(self, base="default"):
        return json.loads((self.folder / f"images_out/default/{base}_losses.json").read_text())

    def test_points_are_the_losses(self):
        result = self.render("scenes=a heart | a hill:0.5", "show_graphs=true", *RUN)
        self.assertEqual(result.returncode, 0, result.stderr)
        reported = printed_losses(result.stderr)
        self.assertEqual(len(reported), 8 * 3)
        losses = self.points()["losses"]
        self.assertEqual({one["name"]: one["kind"] for one in losses},
                         {"a heart": "prompt", "a hill": "prompt", "smoothing": "other"})
        for one in losses:
            self.assertEqual([row[0] for row in one["points"]], list(range(1, 9)))
            for step, steps, mean, low, high in one["points"]:
                self.assertEqual((steps, low, high), (1, mean, mean))
                self.assertAlmostEqual(mean, reported[step, one["name"]], delta=0.00006)

    def test_picture_shows_a_curve_for_each_loss(self):
        self.render("scenes=a heart | a hill:0.5 | a tree:0.2", "show_graphs=true", *RUN)
        picture = Image.open(self.folder / "images_out/default/default_losses.png")
        self.assertEqual(len(hues(picture)), 3)
        # Prompts above, the rest below; each panel begins with the first colour.
        upper, lower = (hues(picture.crop((0, y, picture.width, y + picture.height // 2)))
                        for y in (0, picture.height // 2))
        self.assertEqual(len(upper), 3)
        self.assertEqual(len(lower), 1)
        self.assertLess(lower, upper)
        self.assertIn("reverie.settings", picture.text)

    def test_only_when_asked(self):
        self.render("scenes=a heart", *RUN)
        self.assertFalse((self.folder / "images_out/default/default_losses.png").exists())

    def test_a_restored_run_goes_on_with_the_curves(self):
        self.render("scenes=a heart", "show_graphs=true", *RUN)
        first = self.points()["losses"]
        result = self.render("--restore", "scenes=a heart", "show_graphs=true", *RUN, "steps_per_scene=12")
        self.assertEqual(result.returncode, 0, result.stderr)
        both = self.points()["losses"]
        for before, after in zip(first, both):
            self.assertEqual([row[0] for row in after["points"]], list(range(1, 13)))
            self.assertEqual(after["points"][:8], before["points"])

    def test_a_damaged_file_is_reported_and_replaced(self):
        self.render("scenes=a heart", "show_graphs=true", *RUN)
        path = self.folder / "images_out/default/default_losses.json"
        path.write_bytes(path.read_bytes()[:40])
        result = self.render("--restore", "scenes=a heart", "show_graphs=true", *RUN, "steps_per_scene=12")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("the graph begins at step 9", result.stderr)
        self.assertEqual([row[0] for row in self.points()["losses"][0]["points"]], [9, 10, 11, 12])


class TensorBoard(InFolder):
    def events(self):
        read = EventAccumulator(str(self.folder / "images_out/default/default_tensorboard"),
                                size_guidance={"scalars": 0, "images": 0, "tensors": 0})
        read.Reload()
        return read

    def files(self):
        return sorted((self.folder / "images_out/default/default_tensorboard").glob("events.out.tfevents.*"))

    def test_scalars_pictures_and_texts(self):
        result = self.render("scenes=a heart | half/half:0.5 | half/half:0.2 || 木:0.7", "use_tensorboard=true", *RUN)
        self.assertEqual(result.returncode, 0, result.stderr)
        reported = {(step, {"half/half": "half_half"}.get(name, name)): value
                for (step, name), value in printed_losses(result.stderr).items()}
        read = self.events()
        tags = [f"prompts/{name}" for name in ("a heart", "half_half", "half_half (2)", "木")] + ["losses/smoothing"]
        self.assertLessEqual(set(tags), set(read.Tags()["scalars"]))
        for tag in tags:
            scalars = read.Scalars(tag)
            wanted = range(9, 17) if "木" in tag else range(1, 17) if "smoothing" in tag else range(1, 9)
            self.assertEqual([s.step for s in scalars], list(wanted), tag)
            for scalar in scalars:
                # Of two of the same name, the lines' last is the second.
                name = tag.split("/", 1)[1].removesuffix(" (2)")
                if (scalar.step, name) in reported and tag != "prompts/half_half":
                    self.assertAlmostEqual(scalar.value, reported[scalar.step, name], delta=0.00006)
        pictures = read.Images("picture")
        self.assertEqual([p.step for p in pictures], list(range(2, 17, 2)))
        for picture in pictures:
            frame = Image.open(self.folder / f"images_out/default/default_{picture.step // 2}.png")
            shown = Image.open(io.BytesIO(picture.encoded_image_string))
            self.assertEqual((picture.width, picture.height), frame.size)
            self.assertEqual(shown.tobytes(), frame.tobytes())
        text = {tag: read.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in read.Tags()["tensors"]}
        self.assertIn("a heart | half/half | half/half", text["scenes"])
        self.assertIn('"seed": 1', text["settings"])
        self.assertEqual(read.SummaryMetadata("scenes").plugin_data.plugin_name, "text")

    def test_a_restored_run_goes_on_in_a_new_file(self):
        # The first part has steps that are made again: their old values are dropped.
        words = ["scenes=a heart", "use_tensorboard=true", *RUN, "save_every=8", "steps_per_scene=4000"]
        process = subprocess.Popen([program.PROGRAM, "render", *words], cwd=self.folder, env=environment(),
                                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not self.files() or max((s.step for s in self.scalars_so_far()), default=0) < 11:
            self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        last = self.scalars_so_far()[-1].step + 20
        result = self.render("--restore", *words[:-1], f"steps_per_scene={last}")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(self.files()), 2)
        steps = [s.step for s in self.events().Scalars("prompts/a heart")]
        self.assertEqual(steps, list(range(1, last + 1)))

    def scalars_so_far(self):
        read = self.events()
        return read.Scalars("prompts/a heart") if "prompts/a heart" in read.Tags()["scalars"] else []

    def test_half_a_record_at_the_end_is_left_out(self):
        self.render("scenes=a heart", "use_tensorboard=true", *RUN)
        path = self.files()[0]
        whole = len(self.scalars_so_far())
        path.write_bytes(path.read_bytes()[:-20])
        self.assertIn(len(self.scalars_so_far()), (whole - 1, whole))

    def test_a_run_that_is_written_over_leaves_nothing(self):
        for _ in range(2):
            self.render("scenes=a heart", "use_tensorboard=true", "allow_overwrite=true", *RUN)
        self.assertEqual(len(self.files()), 1)
        self.assertEqual(len(self.scalars_so_far()), 8)


if __name__ == "__main__":
    program.main()
