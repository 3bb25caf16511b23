#pragma once
// A group of values in a list setting, which names a plugin and holds its parameters.

#include <span>
#include <string>
#include <vector>

#include "settings/settings.h"

namespace reverie {

class ParamGroup {
 public:
  /// `who` calls the group in messages until called() gives it a better name. What is wrong is added to
  /// `problems`. Everything must outlive this.
  ParamGroup(const RawValue& group, std::string setting, std::string who, const Location& location,
             std::vector<Problem>& problems)
      : group_(group),
        setting_(std::move(setting)),
        who_(std::move(who)),
        location_(location),
        problems_(problems) {}

  void called(std::string who) { who_ = std::move(who); }

  /// The member as a text; empty where it is absent or no text.
  std::string text(const std::string& name) const;
  /// Where it stands; where it is absent, where the group does.
  Location place(const std::string& name) const;
  void problem(const std::string& message, const Location& place) const;
  void problem(const std::string& message) const { problem(message, location_); }

  /// The values of `specs`, each checked or at its default. Members that are neither among these nor among
  /// `others` are problems; `plugin` is what messages call the plugin, `name` its own name.
  Settings params(std::span<const ParamSpec> specs, std::vector<std::string> others,
                  const std::string& plugin, const std::string& name) const;

 private:
  const RawValue* find(const std::string& name) const;

  const RawValue& group_;
  std::string setting_, who_;
  Location location_;
  std::vector<Problem>& problems_;
};

}  // namespace reverie
