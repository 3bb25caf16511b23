// What strangers write reaches no terminal as an order, and what lets somebody in is not printed.

#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// The first byte that a terminal would obey, and what stands around it; empty if there is none.
std::string order_in(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = i > 0 && static_cast<unsigned char>(text[i - 1]) == 0xC2 && byte < 0xA0 && byte >= 0x80;
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F || c1)
      return std::to_string(byte) + " at " + std::to_string(i) + " of " + text;
  }
  return "";
}

void expect_harmless(const Outcome& outcome) {
  EXPECT_EQ(order_in(outcome.out), "");
  EXPECT_EQ(order_in(outcome.err), "");
}

const std::string kOrders = R"(\e]0;TITLE\a\e[31mred\e[0m\x7f\u009b31m)";

TEST(Shown, TextsOfASettingsFileAreEscaped) {
  const Scratch scratch;
  scratch.write("run.yaml", "scenes: \"a " + kOrders +
                                "\"\nwidth: 32\nheight: 32\nsteps_per_scene: 1\n"
                                "save_every: 1\ncutouts: 1\nperceptors: [" +
                                shipped_model() + "]\n");
  for (const Words& words : {Words{"render"}, Words{"check"}, Words{"config"}}) {
    const Outcome outcome = run(command(words[0], {"run.yaml"}), scratch.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    expect_harmless(outcome);
    if (words[0] == "render") {
      EXPECT_TRUE(holds(outcome.err, "\\x1b]0;TITLE")) << outcome.err;
    }
  }
  // What `config` prints is still the same settings.
  scratch.write("again.yaml", run(command("config", {"run.yaml"}), scratch.path()).out);
  EXPECT_EQ(run(command("config", {"again.yaml"}), scratch.path()).out, read_bytes(scratch / "again.yaml"));
}

TEST(Shown, ErrorsTitlesAndNamesAreEscaped) {
  const Scratch scratch;
  scratch.write("wrong.yaml", "scenes: red\n\"bad " + kOrders + "\": 1\nimage_model: \"" + kOrders +
                                  "\"\ncutouts: \"" + kOrders + "\"\n");
  const Outcome wrong = run(command("check", {"wrong.yaml"}), scratch.path());
  EXPECT_EQ(wrong.status, 2);
  expect_harmless(wrong);
  EXPECT_TRUE(holds(wrong.err, "TITLE"));
  // Names of files, in titles of a batch and in its summary.
  const std::string name = "a\x1b]0;TITLE\x07.yaml";
  scratch.write(name, "scenes: red\nscene: blue\n");
  const Outcome batch = run(command("check", {name, "wrong.yaml"}), scratch.path());
  EXPECT_EQ(batch.status, 2);
  expect_harmless(batch);
  // Names of plugins' files.
  const std::string folder = (scratch / "p\x1b[31m").string();
  fs::create_directories(folder + "/image_models");
  std::ofstream(folder + "/image_models/x.so") << "no library";
  const Outcome list = run({REVERIE_PROGRAM, "plugins", "list", "--plugin-path", folder}, scratch.path());
  EXPECT_TRUE(holds(list.out, "p\\x1b[31m")) << list.out;
  expect_harmless(list);
}

TEST(Shown, AMessageGoesOnBehindANul) {
  const Scratch scratch;
  scratch.write("run.yaml", "scenes: red\ninterpolation_steps: \"4\\0x\"\nwidht: 3\n");
  const Outcome outcome = run(command("check", {"run.yaml"}), scratch.path());
  EXPECT_EQ(outcome.status, 2);
  for (const char* part : {"\\x00x", "allowed: whole number", "'widht'"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
}

TEST(Shown, CredentialsOfAddressesAreNot) {
  const Scratch scratch;
  const std::string address = "http://user:PASSWORD@127.0.0.2:9/a.png?token=TOKEN";
  for (const Words& words : {Words{"init_image=" + address}, Words{"direct_image_prompts=" + address},
                             Words{"scenes=[" + address + "]"},
                             Words{"target_palette=" + address, "image_model=limited_palette"}}) {
    Words all = tiny("red");
    all.insert(all.end(), words.begin(), words.end());
    all.push_back("-v");
    const Outcome outcome = run(command("check", all), scratch.path());
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "127.0.0.2:9/a.png")) << outcome.err;
    EXPECT_FALSE(holds(outcome.err + outcome.out, "PASSWORD")) << outcome.err;
    EXPECT_FALSE(holds(outcome.err + outcome.out, "TOKEN")) << outcome.err;
  }
}

TEST(Shown, NamesOfFilesWithLineBreaksAreRefusedInOneLine) {
  const Scratch scratch;
  const std::string name = "a\nreverie: done.png";
  std::ofstream(scratch / name) << "something";
  std::ofstream(scratch / "b\nc.yaml") << "scenes: x\n";
  for (const Words& words :
       {Words{"check", "scenes=x", "init_image=" + name},
        Words{"check", "scenes=x", "perceptors=[\"a\\nreverie: done\"]"}, Words{"check", "b\nc.yaml"}}) {
    Words all = words;
    all.insert(all.begin(), REVERIE_PROGRAM);
    const Outcome outcome = run(all, scratch.path());
    EXPECT_NE(outcome.status, 0);
    EXPECT_FALSE(holds(outcome.err, "\nreverie: done")) << outcome.err;
    EXPECT_FALSE(holds(outcome.err, "\nc.yaml")) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "\\n")) << outcome.err;
  }
}

}  // namespace
}  // namespace reverie::test
