#include "settings/interpolation.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

#include "settings/limits.h"

namespace reverie {
namespace {

constexpr std::size_t kMaxLength = 1 << 20;
constexpr int kMaxReferences = 1000;  // empty texts can refer to each other 2^70 times without ever growing

std::string now(const std::string& format) {
  const auto time = std::chrono::system_clock::now();
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count() % 1'000'000;
  std::string fraction = std::to_string(micros);
  fraction.insert(0, 6 - fraction.size(), '0');
  std::string with_micros;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      with_micros += format[i + 1] == 'f' ? fraction : format.substr(i, 2);
      ++i;
    } else {
      with_micros += format[i];
    }
  }
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  char buffer[256];
  const std::size_t length = std::strftime(buffer, sizeof buffer, with_micros.c_str(), &local);
  return std::string(buffer, length);
}

std::string user_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache) return cache;
  const char* home = std::getenv("HOME");
  return std::string(home ? home : "") + "/.cache";
}

}  // namespace

RawValue Interpolation::resolve(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return fallback_(name);
  if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
    std::string circle;
    for (const std::string& step : open_) circle += step + " -> ";
    throw std::runtime_error("its ${...} references go in a circle: " + circle + name);
  }
  // A reference that fails must not stay open: the next setting's would then seem to go in a circle.
  struct Opened {
    std::vector<std::string>& names;
    ~Opened() { names.pop_back(); }
  };
  if (open_.empty()) references_ = 0, values_ = 0, depth_ = 0;
  open_.push_back(name);
  const Opened opened{open_};
  return expand(found->second.value);
}

RawValue Interpolation::expand(const RawValue& value) {
  // A list may hold references to lists, which hold more.
  if (++values_ > kMostValues) throw std::runtime_error("it stands for more than 200,000 values");
  if (depth_ > kDeepestNesting) throw std::runtime_error("its lists are nested too deeply");
  RawValue result;
  if (value.kind == RawValue::Kind::scalar) {
    result = expand_text(value.text, value.quoted);
  } else {
    result.kind = value.kind;
    result.text = value.text;
    ++depth_;
    for (const RawValue& item : value.items) result.items.push_back(expand(item));
    for (const auto& [name, member] : value.members) result.members.emplace_back(name, expand(member));
    --depth_;
  }
  result.line = value.line;
  return result;
}

RawValue Interpolation::expand_text(const std::string& text, bool quoted) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto open = text.find("${", i);
    if (open == std::string::npos) {
      result += text.substr(i);
      if (result.size() > kMaxLength) throw std::runtime_error("its text is longer than 1 MB");
      break;
    }
    const auto close = text.find('}', open);
    if (close == std::string::npos) throw std::runtime_error("'${' without its '}'");
    const RawValue inner = reference(text.substr(open + 2, close - open - 2));
    // A value that is nothing but a reference takes the other's value whole: lists and null too.
    if (open == 0 && close + 1 == text.size()) return inner;
    if (inner.kind != RawValue::Kind::scalar && inner.kind != RawValue::Kind::null)
      throw std::runtime_error("${" + text.substr(open + 2, close - open - 2) +
                               "} is a list and cannot be part of a text");
    result += text.substr(i, open - i) + inner.text;
    if (result.size() > kMaxLength) throw std::runtime_error("its text grows beyond 1 MB");
    i = close + 1;
  }
  return RawValue::scalar(result, quoted);
}

RawValue Interpolation::reference(const std::string& inside) {
  if (++references_ > kMaxReferences)
    throw std::runtime_error("it stands for more than 1,000 ${...} references");
  const auto colon = inside.find(':');
  if (colon == std::string::npos) return resolve(canonical_(inside));
  const std::string resolver = inside.substr(0, colon), argument = inside.substr(colon + 1);
  if (resolver == "now") return RawValue::scalar(now(argument), false);
  if (resolver == "user_cache") return RawValue::scalar(user_cache() + argument, false);
  throw std::runtime_error("${" + inside +
                           "} is not known; there are ${setting}, ${now:FORMAT} and ${user_cache:}");
}

}  // namespace reverie
