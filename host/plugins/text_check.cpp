#include "plugins/text_check.h"

#include "log/printable.h"
#include "plugins/plugin_call.h"
#include "plugins/plugin_code.h"

namespace reverie {
namespace {

class CheckedTextCheck final : public TextCheck {
 public:
  CheckedTextCheck(std::string plugin, std::unique_ptr<TextCheck> made)
      : plugin_(std::move(plugin)), made_(std::move(made)) {}
  ~CheckedTextCheck() override {
    const PluginCall call(plugin_.c_str(), "its text check's destructor");
    made_.reset();
  }
  void check(const std::string& text) const override {
    call_method(plugin_, "check()", [&] { made_->check(text); });
  }

 private:
  std::string plugin_;
  std::unique_ptr<TextCheck> made_;
};

}  // namespace

std::shared_ptr<const TextCheck> make_text_check(const PluginFile& plugin, Host& host, const Settings& params,
                                                 const Perceptor::Setup& setup) {
  void* const symbol = exported(plugin, kTextCheckSymbol);
  if (!symbol) return nullptr;
  const std::string name = plugin.kind + "/" + plugin.name;
  ErrorText error{ErrorKind::plugin, "", ""};
  std::unique_ptr<TextCheck> made;
  {
    const PluginCall call(name.c_str(), "text_check()");
    mark_code_used(symbol);
    made.reset(reinterpret_cast<MakeTextCheck>(symbol)(host, params, setup, error));
  }
  if (made) return std::make_shared<CheckedTextCheck>(name, std::move(made));
  if (!*error.message) return nullptr;
  throw Error(error.kind, log::printable_line(error.message), log::printable_line(error.advice));
}

}  // namespace reverie
