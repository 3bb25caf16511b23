#pragma once
// Whether texts are too long for a model, without its network.

#include <memory>
#include <string>
#include <utility>

#include "reverie/text_check.h"
#include "tokenizer.h"

namespace reverie::clip {

/// By CLIP's tokens.
class LengthCheck final : public TextCheck {
 public:
  LengthCheck(std::unique_ptr<Tokenizer> tokenizer, std::int64_t context, std::string name)
      : tokenizer_(std::move(tokenizer)), context_(context), name_(std::move(name)) {}
  void check(const std::string& text) const override {
    static_cast<void>(tokenizer_->encode_within(context_, text, name_));
  }

 private:
  std::unique_ptr<Tokenizer> tokenizer_;
  std::int64_t context_;
  std::string name_;
};

}  // namespace reverie::clip
