#include "settings/json_string.h"

#include <json/json.h>

namespace reverie {

std::string json_string(const std::string& text) {
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;
  return Json::writeString(builder, text);
}

}  // namespace reverie
