// What is remembered of a plugin's declaration says the same as the declaration.

#include "plugins/declaration_text.h"

#include <gtest/gtest.h>

#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

/// Every field of a parameter at another value than its default.
constexpr ParamSpec kParams[] = {
    number("number", 0.1)
        .above(-1e300)
        .at_most(1.0 / 3)
        .unit("pixels")
        .help("\"quoted\", ü")
        .is_animatable("r|R"),
    integer("whole", 9007199254740991).range(-5, 9.1e15).may_be_null(),
    text("weights", "a").names_weights("tiny").help("line\nbreak"),
    text("seen", "").names_image().is_required(),
    boolean("restore", true).of_host(),
    choice("choice", "b", "a|b"),
    list("list", "x,y"),
};

PluginDescriptor descriptor() {
  PluginDescriptor plugin{};
  plugin.kind = "losses";
  plugin.interface_version = 7;
  plugin.name = "name";
  plugin.version = "1.2";
  plugin.summary = "what it is";
  plugin.aliases = "Name|Other";
  plugin.roles = "role";
  plugin.params = kParams;
  plugin.param_count = std::size(kParams);
  return plugin;
}

TEST(DeclarationText, ComesBackWhole) {
  const PluginDescriptor plugin = descriptor();
  const std::string text = declaration_text(plugin);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const PluginDescriptor* back = declared_by(text);
  ASSERT_TRUE(back);
  EXPECT_STREQ(back->kind, "losses");
  EXPECT_EQ(back->interface_version, 7u);
  EXPECT_STREQ(back->name, "name");
  EXPECT_STREQ(back->version, "1.2");
  EXPECT_STREQ(back->summary, "what it is");
  EXPECT_STREQ(back->aliases, "Name|Other");
  EXPECT_STREQ(back->roles, "role");
  ASSERT_EQ(back->param_count, std::size(kParams));
  for (std::size_t i = 0; i < std::size(kParams); ++i) {
    const ParamSpec &one = kParams[i], &other = back->params[i];
    EXPECT_STREQ(other.name, one.name);
    EXPECT_EQ(other.type, one.type) << one.name;
    EXPECT_EQ(other.required, one.required) << one.name;
    EXPECT_EQ(other.animatable, one.animatable) << one.name;
    EXPECT_EQ(other.nullable, one.nullable) << one.name;
    EXPECT_EQ(other.has_min, one.has_min) << one.name;
    EXPECT_EQ(other.has_max, one.has_max) << one.name;
    EXPECT_EQ(other.exclusive_min, one.exclusive_min) << one.name;
    EXPECT_EQ(other.host_setting, one.host_setting) << one.name;
    EXPECT_EQ(other.min, one.min) << one.name;
    EXPECT_EQ(other.max, one.max) << one.name;
    EXPECT_EQ(other.default_number, one.default_number) << one.name;
    EXPECT_STREQ(other.default_text, one.default_text);
    EXPECT_STREQ(other.choices, one.choices);
    EXPECT_STREQ(other.unit_name, one.unit_name);
    EXPECT_STREQ(other.help_text, one.help_text);
    EXPECT_EQ(other.asset, one.asset) << one.name;
    EXPECT_STREQ(other.fallback_text, one.fallback_text);
    EXPECT_STREQ(other.variables, one.variables);
  }
}

TEST(DeclarationText, EqualTextsAreOneDeclaration) {
  const std::string text = declaration_text(descriptor());
  EXPECT_EQ(declared_by(text), declared_by(text));
  PluginDescriptor other = descriptor();
  other.summary = "something else";
  EXPECT_NE(declared_by(declaration_text(other)), declared_by(text));
}

TEST(DeclarationText, OtherTextsAreNone) {
  const std::string text = declaration_text(descriptor());
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    EXPECT_EQ(declared_by(text.substr(0, cut)), nullptr) << cut;
  for (const char* none : {"[]", "1", "{}", R"({"params":[1]})", R"({"params":[{"type":99}]})"})
    EXPECT_EQ(declared_by(none), nullptr) << none;
}

}  // namespace
}  // namespace reverie::test
