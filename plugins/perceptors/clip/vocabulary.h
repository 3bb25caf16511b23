#pragma once
// The vocabulary that OpenAI published with CLIP, and that nearly every CLIP since has used.

#include <filesystem>
#include <string>

namespace reverie::clip {

/// The name that Host::resolve_asset() finds it under.
inline constexpr const char* kVocabularyAsset = "clip/bpe_simple_vocab_16e6.txt.gz";

/// Reads the merges out of the compressed file, for BytePairEncoding: a header line and what follows the
/// first 48,894 merges are dropped. Throws Error(file) when it is damaged or too short.
std::string read_openai_merges(const std::filesystem::path& path);

}  // namespace reverie::clip
