// Declarations that cannot be right are seen by the compiler: REVERIE_EXPORT_PLUGIN asserts this for each
// fault.

#include "reverie/declaration.h"

#include <gtest/gtest.h>

#include "reverie/plugin.h"

namespace reverie::test {
namespace {

using Fault = DeclarationFault;

constexpr Fault fault_with(ParamSpec spec) { return declaration_fault("grid", "1.0", "words", {&spec, 1}); }

static_assert(declaration_fault("2D", "1.0", "words", kNoParams, "Two|two dimensions") == Fault::none);
static_assert(declaration_fault("", "1.0", "words", kNoParams) == Fault::plugin_name);
static_assert(declaration_fault("soft grid", "1.0", "words", kNoParams) == Fault::plugin_name);
static_assert(declaration_fault("../grid", "1.0", "words", kNoParams) == Fault::plugin_name);
static_assert(declaration_fault("grid", "", "words", kNoParams) == Fault::plugin_text);
static_assert(declaration_fault("grid", "1.0", "", kNoParams) == Fault::plugin_text);
static_assert(declaration_fault("grid", "1.0", "words", kNoParams, "Grid|") == Fault::alias);
static_assert(declaration_fault("grid", "1.0", "words", kNoParams, " Grid") == Fault::alias);
static_assert(declaration_fault("grid", "1.0", "words", kNoParams, "Net|net") == Fault::alias);
static_assert(declaration_fault("grid", "1.0", "words", kNoParams, "grid") == Fault::alias);
static_assert(declaration_fault("grid", "1.0", "words", kNoParams, "", "a_weight|b_weight") == Fault::none);
static_assert(declaration_fault("grid", "1.0", "words", kNoParams, "", "a weight") == Fault::role);
static_assert(declaration_fault("grid", "1.0", "words", kNoParams, "", "a_weight|") == Fault::role);
static_assert(declaration_fault("grid", "1.0", "words", kNoParams, "", "a_weight|A_weight") == Fault::role);

static_assert(fault_with(integer("cell_2", 8).range(1, 256)) == Fault::none);
static_assert(fault_with(integer("", 8)) == Fault::param_name);
static_assert(fault_with(integer("cell size", 8)) == Fault::param_name);
static_assert(fault_with(integer("cell-size", 8)) == Fault::param_name);
static_assert(fault_with(integer("2cells", 8)) == Fault::param_name);

static_assert(fault_with(number("x", 0).range(1, 0)) == Fault::range);
static_assert(fault_with(text("x", "").at_least(1)) == Fault::range);
static_assert(fault_with(number("x", 0.5).range(1, 2)) == Fault::default_range);
static_assert(fault_with(number("x", 3).at_most(2)) == Fault::default_range);
static_assert(fault_with(number("x", 0).above(0)) == Fault::default_range);
static_assert(fault_with(number("x", 0).at_least(0)) == Fault::none);
static_assert(fault_with(number("x", 0).above(0).is_required()) == Fault::none);
static_assert(fault_with(number("x", 0).above(0).may_be_null()) == Fault::none);

static_assert(fault_with(choice("x", "B", "a|b")) == Fault::none);
static_assert(fault_with(choice("x", "c", "a|b")) == Fault::default_choice);
static_assert(fault_with(choice("x", "", "")) == Fault::choices);
static_assert(fault_with(choice("x", "a", "a||b")) == Fault::choices);
static_assert(fault_with(choice("x", "a", "a|b|A")) == Fault::choices);

static_assert(fault_with(number("x", 0).is_animatable("v")) == Fault::none);
static_assert(fault_with(integer("x", 0).is_animatable()) == Fault::animatable);
static_assert(fault_with(number("x", 0).names_image()) == Fault::names);

constexpr ParamSpec kTwice[] = {number("cell", 0), integer("other", 0), text("Cell", "")};
static_assert(declaration_fault("grid", "1.0", "words", kTwice) == Fault::duplicate_param);

TEST(Declaration, IsCheckedByTheCompiler) { SUCCEED() << "the assertions above"; }

}  // namespace
}  // namespace reverie::test
