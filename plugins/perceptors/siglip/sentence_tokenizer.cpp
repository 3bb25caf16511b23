#include "sentence_tokenizer.h"

#include <sentencepiece_processor.h>

#include "reverie/error.h"
#include "reverie/ordinary_file.h"
#include "tokenizer.h"

namespace reverie::siglip {
namespace {

constexpr int kEnd = 1;  // in both generations

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

}  // namespace

SentenceTokenizer::SentenceTokenizer(const std::filesystem::path& path)
    : model_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorKind::file, "SigLIP's tokenizer '" + path.string() + "' " + why,
                "it is the file spiece.model or tokenizer.model that is published with the weights");
  };
  if (const std::string why = why_not_ordinary_file(path, "SigLIP's tokenizer"); !why.empty()) fail(why);
  if (const auto status = model_->Load(path.string()); !status.ok())
    fail("cannot be read as a SentencePiece model: " + status.ToString());
  const std::string end = model_->GetPieceSize() > kEnd ? model_->IdToPiece(kEnd) : "";
  second_ = end == "<eos>";
  if (!second_ && end != "</s>")
    fail("has '" + end + "' where SigLIP's have '</s>' or '<eos>', the end of a text");
  padding_ = second_ ? 0 : kEnd;
}

SentenceTokenizer::~SentenceTokenizer() = default;

std::int64_t SentenceTokenizer::vocabulary() const { return model_->GetPieceSize(); }

std::string SentenceTokenizer::clean(const std::string& text) const {
  const std::string lower_case = clip::Tokenizer::clean(text);
  if (second_) return lower_case;
  std::string result;
  for (const char c : lower_case) {
    const bool blank = c == ' ' || c == '_';
    if (blank && !result.empty() && result.back() != ' ') result += ' ';
    if (!blank && !is_punctuation(c)) result += c;
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::vector<std::int64_t> SentenceTokenizer::encode(const std::string& text, std::int64_t context,
                                                    const std::string& name) const {
  std::vector<int> pieces;
  if (const auto status = model_->Encode(clean(text), &pieces); !status.ok())
    throw Error(ErrorKind::settings,
                "the prompt '" + text + "' cannot be tokenized for '" + name + "': " + status.ToString());
  if (static_cast<std::int64_t>(pieces.size()) >= context)
    throw Error(ErrorKind::settings,
                "the prompt '" + text + "' is too long for '" + name + "': " + std::to_string(pieces.size()) +
                    " tokens, at most " + std::to_string(context - 1),
                "shorten it or split it at '|'");
  std::vector<std::int64_t> ids(pieces.begin(), pieces.end());
  ids.push_back(kEnd);
  ids.resize(static_cast<std::size_t>(context), padding_);
  return ids;
}

}  // namespace reverie::siglip
