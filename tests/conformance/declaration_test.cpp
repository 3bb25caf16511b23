// What plugins of all kinds declare is sound, and used.

#include <cctype>
#include <set>

#include "conformance/promise.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

std::vector<std::string> every_plugin() {
  std::vector<std::string> names;
  for (const std::string& kind : plugin_kinds())
    for (const std::string& name : names_of(kind.c_str())) names.push_back(kind + "/" + name);
  return names;
}

class DeclarationConformance : public testing::TestWithParam<std::string> {
 protected:
  const PluginFile& plugin() const {
    const auto slash = GetParam().find('/');
    return plugins().find(GetParam().substr(0, slash), GetParam().substr(slash + 1));
  }
};

TEST_P(DeclarationConformance, ReadsEveryParameterThatItDeclares) {
  promise("its constructor", "reads all of its parameters but the animatable ones");
  engine::HostServices host(host_options());
  if (const std::string missing = missing_weights(plugin(), host); !missing.empty())
    GTEST_SKIP() << "the weights '" << missing << "' are not installed";
  if (plugin().kind == Perceptor::kKind && usual_setup<Perceptor>(plugin(), host).weights == nullptr &&
      !starts_without_weights(plugin(), host))
    GTEST_SKIP() << "there are no weights for it here";
  const Settings settings = usual_params(plugin());
  with_interface(plugin().kind,
                 [&]<typename Interface>(Interface*) { make<Interface>(plugin(), host, settings); });
  for (const ParamSpec& spec : std::span(plugin().descriptor->params, plugin().descriptor->param_count)) {
    // Those that vary are read at each frame instead.
    EXPECT_TRUE(spec.animatable || settings.asked().count(spec.name))
        << spec.name << " is declared but never read";
  }
}

TEST_P(DeclarationConformance, DeclaresSoundParameters) {
  promise("its parameters",
          "names in small letters, each with a help text and a default that its own declaration allows");
  std::set<std::string> seen;
  for (const ParamSpec& spec : std::span(plugin().descriptor->params, plugin().descriptor->param_count)) {
    const std::string name = spec.name;
    EXPECT_TRUE(seen.insert(name).second) << name << " is declared twice";
    for (const char c : name)
      EXPECT_TRUE(std::islower(static_cast<unsigned char>(c)) ||
                  std::isdigit(static_cast<unsigned char>(c)) || c == '_')
          << name << ": settings are written in small letters with underscores";
    EXPECT_FALSE(std::string(spec.help_text).empty()) << name << " has no help";
    EXPECT_TRUE(!spec.has_min || !spec.has_max || spec.min <= spec.max) << name;
    EXPECT_TRUE(!spec.animatable || spec.type == reverie::ParamType::number ||
                spec.type == reverie::ParamType::list)
        << name << ": only numbers and lists of numbers are animatable";
    EXPECT_TRUE(spec.animatable || std::string(spec.variables).empty())
        << name << ": only what varies has variables";
    if (spec.required || spec.nullable || spec.type == reverie::ParamType::list) continue;
    // The default passes the very check that a settings file's value has to.
    SettingValue ignored;
    const bool text = spec.type == reverie::ParamType::text;  // whose empty default is shown as ''
    EXPECT_EQ(convert(spec, RawValue::scalar(text ? spec.default_text : default_text(spec), false), ignored),
              "")
        << name << ": its default " << default_text(spec) << " is not allowed by its own declaration";
  }
}

TEST_P(DeclarationConformance, IntroducesItself) {
  promise("its declaration", "a version, and a summary of one line");
  const PluginDescriptor& descriptor = *plugin().descriptor;
  EXPECT_FALSE(std::string(descriptor.version).empty());
  EXPECT_FALSE(std::string(descriptor.summary).empty());
  EXPECT_EQ(std::string(descriptor.summary).find('\n'), std::string::npos) << "the summary is one line";
}

INSTANTIATE_TEST_SUITE_P(All, DeclarationConformance, testing::ValuesIn(every_plugin()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

}  // namespace
}  // namespace reverie::test
