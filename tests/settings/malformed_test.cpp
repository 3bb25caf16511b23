// Every file in malformed/ is refused by the real program, in words that lead to the mistake.

#include <gtest/gtest.h>

#include <set>

#include "support/process.h"

namespace reverie::test {
namespace {

struct Malformed {
  const char* file;
  int line;  ///< 0 where the mistake is in no line
  const char* fragment;
};

constexpr Malformed kFiles[] = {
    // Another type than declared.
    {"boolean_given_list.yaml", 2, "'allow_overwrite' is [true], which is a list; allowed: true or false"},
    {"boolean_given_number.yaml", 2, "'allow_overwrite' is 2, which is not true or false"},
    {"boolean_given_text.yaml", 2, "'allow_overwrite' is maybe, which is not true or false"},
    {"choice_given_list.yaml", 2, "'border_mode' is [wrap], which is a list"},
    {"integer_given_fraction.yaml", 2, "'width' is 10.5, which is not a whole number"},
    {"integer_given_group.yaml", 2, "'height' is {pixels: 64}, which is a group of values"},
    {"integer_given_list.yaml", 3, "'steps_per_scene' is [1, 2], which is a list"},
    {"integer_given_text.yaml", 2,
     "'display_every' is many, which is not a whole number; allowed: whole number, at least 0"},
    {"integer_hexadecimal.yaml", 3, "'width' is 0x100, which is not a whole number"},
    {"integer_overflows.yaml", 2, "'seed' is 99999999999999999999999, which"},
    {"integer_thousands_separator.yaml", 2, "'steps_per_scene' is 1,000, which is not a whole number"},
    {"integer_without_value.yaml", 2, "'cutouts' is null, which has no value"},
    {"list_for_number.json", 3, "'display_every' is [40], which is a list"},
    {"list_of_groups.yaml", 2, "'outputs' is [{name: tiny}]"},
    {"number_given_boolean.yaml", 2, "'display_scale' is true, which is not a number"},
    {"number_given_list.yaml", 2, "'display_scale' is [0.1, 0.2], which is a list"},
    {"number_given_text.yaml", 3,
     "'display_scale' is large, which is not a number; allowed: number, above 0"},
    {"number_is_infinite.yaml", 2, "it is inf, which is not finite"},
    {"number_is_nan.yaml", 2, "'display_scale' is .nan, which is not a number"},
    {"number_is_nan_word.yaml", 2, "'display_scale' is nan, which is not a number"},
    {"number_overflows.yaml", 2, "'display_scale' is 1e999, which is not a number"},
    {"number_with_decimal_comma.yaml", 2, "'display_scale' is 1,5, which is not a number"},
    {"number_with_two_signs.yaml", 2, "'display_scale' is +-2, which is not a number"},
    {"object_for_number.json", 3, "'display_every' is {count: 40}, which is a group of values"},
    {"text_for_number.json", 4, "'display_every' is 'many', which is not a whole number"},
    {"nan.json", 3, "'display_scale' is NaN, which is not a number"},
    {"infinity.json", 3, "'display_scale' is Infinity, which is not a number"},
    {"huge_number.json", 3, "'seed' is 1.2345678901234568e+29"},
    // Out of range.
    {"batches_do_not_divide_cutouts.yaml", 2,
     "'gradient_accumulation_steps' is 7, which does not divide the 40 cutouts"},
    {"border_above_one.yaml", 2,
     "'cutout_border' is 1.5, which is out of range; allowed: number or expression of t, 0 to 1"},
    {"huge_width.yaml", 2, "'width' is 1000000000, which is out of range"},
    {"negative_height.yaml", 2, "'height' is -5, which is out of range"},
    {"negative_interpolation_steps.yaml", 2, "'interpolation_steps' is -200, which is out of range"},
    {"huge_seed.yaml", 2, "'seed' is 18446744073709551616, which is out of range"},
    {"zero_cut_pow.yaml", 2, "'cut_pow' is 0, which is out of range"},
    {"zero_cutouts.yaml", 2, "'cutouts' is 0, which is out of range"},
    {"zero_learning_rate.yaml", 2,
     "'learning_rate' is 0.0, which is out of range; allowed: number or expression of t, above 0"},
    {"zero_pixel_size.yaml", 2, "'pixel_size' is 0, which is out of range; allowed: whole number, 1 to 64"},
    {"zero_steps.yaml", 1, "'steps_per_scene' is 0, which is out of range"},
    // Words that name nothing.
    {"blank_motion.yaml", 3, "'translate_x' is ' ', which is blank"},
    {"blank_namespace.yaml", 2, "'file_namespace' is '  '"},
    {"empty_namespace.yaml", 2, "'file_namespace' is ''"},
    {"misspelt_border_mode.yaml", 2, "did you mean 'mirror'?; allowed: clamp, mirror, wrap, black, smear"},
    {"misspelt_device.yaml", 2, "'device' is 'gpu'; allowed: auto, cpu, cuda, cuda:N or N"},
    {"misspelt_image_model.yaml", 2, "did you mean 'Unlimited Palette'?"},
    {"namespace_is_the_folder.yaml", 2, "'file_namespace' is '..', which is not a folder name"},
    {"namespace_leaves_the_folder.yaml", 2, "'file_namespace' is '../../escape', which is not a folder name"},
    {"breath_mode.yaml", 2, "'breath_mode' is true, which is not known here"},
    {"mmc_of_nobody.yaml", 6, "'mmc_models' names 'ViT-B-32--laion2b_e16' of mlfoundations"},
    {"mmc_without_models.yaml", 2, "'use_mmc' is on, but mmc_models names no model"},
    {"config_group_as_conf.yaml", 2, "there is no setting 'conf', and no folder of that name"},
    {"config_groups.yaml", 3, "there is no config group 'motion': no folder of that name"},
    {"defaults_is_no_list.yaml", 2, "'defaults' is {motion: zoom_in_slow}; it is a list"},
    {"defaults_item_with_two_groups.yaml", 3, "'defaults' holds {conf: a, motion: b}; allowed: _self_"},
    {"left_open.yaml", 0, "'scenes' is missing"},
    {"merge_key.yaml", 2, "there is no setting '<<'"},
    {"misspelt_setting.yaml", 3, "there is no setting 'cutoutz'; did you mean 'cutouts'?"},
    {"saved_settings.txt", 3, "there is no setting 'save_evry'; did you mean 'save_every'?"},
    {"setting_twice.json", 4, "Duplicate key: 'width'"},
    {"setting_twice.yaml", 4, "'width' is set a second time; the first is in line 2"},
    {"setting_twice_in_other_case.yaml", 3, "'width' is set a second time; the first is in line 2"},
    {"unknown_setting.yaml", 2,
     "there is no setting 'frobnicate_all_the_things'; reverie settings lists them all"},
    // Known, but not there yet.
    {"motion_mistakes.yaml", 3, "'rotate_2d': the name 'sqrtt' is not known; is 'sqrt' meant?"},
    {"motion_numbers.yaml", 3, "'translate_x': 2 numbers, where it takes 1"},
    {"audio_missing.yaml", 2, "'input_audio': there is no file 'song.mp3'"},
    {"init_image_missing.yaml", 2, "'init_image': there is no file 'photo.png'"},
    {"mask_missing.yaml", 1, "'scenes': there is no file 'mask.png'"},
    {"picture_prompt_missing.yaml", 1, "'scenes': there is no file 'photo.png'"},
    // No YAML.
    {"alias_bomb.yaml", 0, "it stands for more than 200,000 values"},
    {"colon_in_plain_text.yaml", 2, "put quotes around a text that holds ': '"},
    {"deep_nesting.yaml", 2, "nested too deeply"},
    {"list_as_name.yaml", 2, "a setting's name must be plain text"},
    {"list_holds_itself.yaml", 2, "nested too deeply"},
    {"list_of_settings.yaml", 1, "a settings file holds lines of 'name: value'"},
    {"no_space_after_colon.yaml", 1, "a settings file holds lines of 'name: value'"},
    {"odd_indentation.yaml", 2, "not valid YAML: the line is indented further than the one above"},
    {"plain_words.txt", 1, "a settings file holds lines of 'name: value'"},
    {"reserved_character.yaml", 2, "not valid YAML: a text that begins with @ is put in quotes"},
    {"tab_indentation.yaml", 3, "not valid YAML: the line begins with a tab"},
    {"two_documents.yaml", 2, "the settings end here, but more text follows"},
    {"unclosed_list.yaml", 2, "not valid YAML: the [ that opens here is not closed: [a, b"},
    {"unknown_anchor.yaml", 2, "not valid YAML: the referenced anchor is not defined"},
    {"unterminated_double_quote.yaml", 2,
     "not valid YAML: the quote \" that opens here is not closed: \"a red heart"},
    {"unterminated_single_quote.yaml", 2,
     "not valid YAML: the quote ' that opens here is not closed: 'a red heart"},
    // What people write who do not know YAML.
    {"quote_closed_too_late.yaml", 2, "the quote \" that opens here is closed only in line 3: \"a red heart"},
    {"apostrophe_in_quotes.yaml", 1, "an apostrophe inside '...' is written twice"},
    {"quotes_in_quotes.yaml", 1, "a \" inside \"...\" is written"},
    {"backslash_in_quotes.yaml", 2, "a backslash inside"},
    {"curly_quotes.yaml", 1, "is not a quote in YAML"},
    {"tab_before_a_name.yaml", 2, "the line begins with a tab"},
    {"bracket_and_weight.yaml", 2, "a text that begins with [ is put in quotes"},
    {"bar_first.yaml", 1, "a text that begins with | is put in quotes"},
    {"no_space_after_first_colon.yaml", 1, "'scenes:a red heart' is not a 'name: value'"},
    {"prose_between.yaml", 2, "'a red heart' is not a 'name: value'"},
    {"no_space_after_later_colon.yaml", 2, "write 'scenes: a red heart', with a blank behind the ':'"},
    {"equals_for_colon.yaml", 2, "write 'width: 64', with a blank behind the ':'"},
    {"list_of_scenes.yaml", 1, "\"a red heart || a lake\""},
    {"list_of_one_scene.yaml", 1, "write one text"},
    {"list_of_picture_prompts.yaml", 2, "\"a.png | b.png\""},
    {"list_for_text.yaml", 2, "'init_image' is [a.png, b.png], which is a list"},
    {"namespace_with_control.yaml", 2, "which is not a folder name"},
    {"namespace_of_lines.yaml", 2, "which is not a folder name"},
    {"long_namespace.yaml", 2, "'file_namespace' has 201 bytes; allowed: at most 200"},
    {"blank_models_folder.yaml", 2, "'models_parent_dir' is blank"},
    {"blank_image_model.yaml", 2, "'image_model' is blank"},
    // No JSON.
    {"deep_nesting.json", 2, "nested too deeply"},
    {"missing_colon.json", 3, "not valid JSON: Missing ':'"},
    {"cut_python_dict.txt", 1, "not valid JSON or Python"},
    {"python_code.txt", 2, "not valid JSON or Python"},
    {"trailing_comma.json", 4, "not valid JSON"},
    {"unclosed_object.json", 0, "not valid JSON"},
    {"unterminated_text.json", 2, "not valid JSON"},
    // References.
    {"list_inside_text.yaml", 2, "${perceptors} is a list and cannot be part of a text"},
    {"reference_to_a_broken_setting.yaml", 3, "'height': ${nowhere}: there is no setting 'nowhere'"},
    {"reference_to_itself.yaml", 2, "go in a circle: width -> width"},
    {"reference_to_nothing.yaml", 2, "'width': ${nowhere}: there is no setting 'nowhere'"},
    {"reference_to_text_for_number.yaml", 2, "'display_every' is a red heart, which is not a whole number"},
    {"references_explode.yaml", 1, "'scenes': it stands for more than 1,000 ${...} references"},
    {"references_explode_without_growing.yaml", 1,
     "'scenes': it stands for more than 1,000 ${...} references"},
    {"references_to_many_values.yaml", 6, "'perceptors': it stands for more than 200,000 values"},
    {"references_nest.yaml", 5, "'perceptors': its lists are nested too deeply"},
    {"references_in_a_circle.yaml", 4,
     "'save_every': its ${...} references go in a circle: save_every -> width -> height"},
    {"unclosed_group_in_reference.yaml", 2, "'seed': '${' without its '}'"},
    {"unclosed_reference.yaml", 2, "'scenes': '${' without its '}'"},
    {"unknown_resolver.yaml", 2, "'seed': ${env:HOME} is not known"},
    // Prompts.
    {"blank_scenes.yaml", 1, "'scenes' is empty"},
    {"empty_scenes.yaml", 2, "'scenes' is empty"},
    {"no_scenes.yaml", 0, "'scenes' is missing"},
    {"only_comments.yaml", 0, "'scenes' is missing"},
    {"prompt_without_text.yaml", 1, "prompt ':2': it has no text before ':'"},
    {"scenes_without_prompts.yaml", 1, "'scenes' holds no prompt"},
    {"several_problems.yaml", 5, "'gradient_accumulation_steps' is 3"},
    {"stop_is_no_number.yaml", 1,
     "prompt 'a red heart:1:never': the stop 'never': the name 'never' is not known"},
    {"too_many_colons.yaml", 1, "prompt 'a red heart:1:0.5:2': it has more than text:weight:stop"},
    {"weight_is_infinite.yaml", 1, "prompt 'a red heart:-inf': the weight is infinite"},
    {"weight_is_nan.yaml", 1, "prompt 'a red heart:nan'"},
    {"title_with_a_colon.yaml", 1, "what follows a ':' is the prompt's weight"},
    {"weight_is_no_number.yaml", 2,
     "prompt 'a hill:heavy': the weight 'heavy': the name 'heavy' is not known"},
    {"weight_with_two_operators.yaml", 1, "prompt 'a red heart:1*/2'"},
};

void PrintTo(const Malformed& malformed, std::ostream* out) { *out << malformed.file; }

std::filesystem::path malformed_folder() { return REVERIE_MALFORMED_FOLDER; }

/// The line of the report that speaks of `line` of `file` and holds `fragment`.
bool reports(const std::string& report, const std::string& file, int line, const std::string& fragment) {
  const std::string where = file + (line > 0 ? ":" + std::to_string(line) + ": " : ":");
  std::istringstream lines(report);
  for (std::string text; std::getline(lines, text);)
    if (text.find(where) != std::string::npos && text.find(fragment) != std::string::npos) return true;
  return false;
}

class MalformedSettings : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedSettings, AreRefusedInOneReport) {
  const Scratch scratch;
  const std::filesystem::path file = malformed_folder() / GetParam().file;
  const Outcome outcome = run({REVERIE_PROGRAM, "check", file.string()}, scratch.path());
  EXPECT_EQ(outcome.signal, 0);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(reports(outcome.err, file.string(), GetParam().line, GetParam().fragment)) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(Files, MalformedSettings, testing::ValuesIn(kFiles), [](const auto& info) {
  std::string name = info.param.file;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

TEST(MalformedFolder, HoldsNoFileThatIsNotTested) {
  std::set<std::string> tested;
  for (const Malformed& malformed : kFiles) tested.insert(malformed.file);
  for (const auto& entry : std::filesystem::directory_iterator(malformed_folder()))
    EXPECT_EQ(tested.count(entry.path().filename().string()), 1u) << entry.path();
}

TEST(MalformedReport, ListsEveryProblemInTheOrderOfTheFile) {
  const Scratch scratch;
  const std::string file = (malformed_folder() / "several_problems.yaml").string();
  const std::string report = run({REVERIE_PROGRAM, "check", file}, scratch.path()).err;
  std::size_t position = 0;
  for (const char* expected :
       {":1: prompt 'a red heart:heavy'", ":2: 'width' is wide", ":3: there is no setting 'hight'",
        ":5: 'gradient_accumulation_steps'", ":6: 'device' is 'quantum'"}) {
    const std::size_t found = report.find(file + expected, position);
    ASSERT_NE(found, std::string::npos) << expected << " in\n" << report;
    position = found + 1;
  }
}

TEST(MalformedReport, SaysNothingOfASettingThatABrokenFileMayHold) {
  const Scratch scratch;
  const Outcome outcome =
      run({REVERIE_PROGRAM, "check", (malformed_folder() / "trailing_comma.json").string()}, scratch.path());
  EXPECT_EQ(outcome.err.find("missing: "), std::string::npos) << outcome.err;
}

TEST(MalformedRender, LeavesNothingBehind) {
  for (const char* file : {"integer_given_text.yaml", "unclosed_object.json", "misspelt_image_model.yaml",
                           "prompt_without_text.yaml", "references_in_a_circle.yaml"}) {
    const Scratch scratch;
    const Outcome outcome =
        run({REVERIE_PROGRAM, "render", (malformed_folder() / file).string()}, scratch.path());
    EXPECT_EQ(outcome.status, 2) << file;
    EXPECT_NE(outcome.err.find(file), std::string::npos) << outcome.err;
    EXPECT_TRUE(std::filesystem::is_empty(scratch.path())) << file;
  }
}

}  // namespace
}  // namespace reverie::test
