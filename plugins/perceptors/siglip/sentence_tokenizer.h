#pragma once
// SigLIP's tokenizers: SentencePiece models, and how each generation cleans texts and fills them up.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace reverie::siglip {

class SentenceTokenizer {
 public:
  /// Reads a SentencePiece model: a SigLIP's, whose end of a text is "</s>", or a SigLIP 2's (Gemma's), whose
  /// end is "<eos>". Throws Error(file), naming it, when it is neither.
  explicit SentenceTokenizer(const std::filesystem::path& path);
  ~SentenceTokenizer();

  std::int64_t vocabulary() const;

  /// The ids of a UTF-8 text, its end, and padding up to `context`. Throws Error(settings), quoting the text,
  /// when there are more than fit into the context of the model `name`.
  std::vector<std::int64_t> encode(const std::string& text, std::int64_t context,
                                   const std::string& name) const;

  /// A SigLIP: lower case, without ASCII punctuation. A SigLIP 2: lower case. Both after CLIP's own cleaning.
  std::string clean(const std::string& text) const;

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> model_;
  bool second_ = false;  // a SigLIP 2
  std::int64_t padding_ = 0;
};

}  // namespace reverie::siglip
