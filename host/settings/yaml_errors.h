#pragma once
// What is wrong with a text that is not YAML, in words for people who do not know YAML's.

#include <string>

namespace YAML {
class Exception;
}

namespace reverie {

struct YamlTrouble {
  int line;  ///< where it begins, which may be long before the parser gave up
  std::string why;
};

/// `text` is what the parser gave up on.
YamlTrouble explain_yaml(const std::string& text, const YAML::Exception& error);

}  // namespace reverie
