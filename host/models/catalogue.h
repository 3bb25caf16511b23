#pragma once
// The model files that the program knows by name: what models/catalogue.json says.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reverie::models {

/// One file of one published model.
struct CatalogueEntry {
  std::string name;                  ///< as artists say it, e.g. "ViT-B/32"
  std::vector<std::string> aliases;  ///< other names, e.g. the setting that switches it on
  std::string family;                ///< folder below models_parent_dir
  std::string file;                  ///< file name in that folder
  std::uint64_t bytes = 0;
  std::string sha256;             ///< 64 hexadecimal digits, lower case
  std::vector<std::string> urls;  ///< the publisher's, then mirrors
  std::string licence;
  std::string purpose;
  std::string used_by;       ///< plugin as kind/name; empty while no plugin uses it
  std::string activation;    ///< of a CLIP: "quick_gelu" or "gelu"; the file itself may not say
  bool second_hand = false;  ///< size and sha256 were published by others, not by the publisher
  /// Whether the licence is not known to allow every use: it is shown and accepted before a download.
  bool restricted() const;
};

const std::vector<CatalogueEntry>& model_catalogue();

/// Models that settings know by name, but whose contents could not be checked after a download: they have no
/// sha256, and nobody but the artist can put their files in their place. Where to find them is in urls, if
/// that is known.
const std::vector<CatalogueEntry>& models_without_address();

/// Models that come with the program: those of one folder below models/.
struct ShippedModels {
  std::string folder;  ///< empty: models/ itself
  std::string purpose;
  std::string used_by;  ///< plugin as kind/name
};
const std::vector<ShippedModels>& shipped_models();

/// A family of downloaded models in which artists have files under names of their own: NAME in a setting is
/// then NAME + extension there.
struct OwnNames {
  std::string family;
  std::string extension;
};
const std::vector<OwnNames>& families_of_own_names();

/// The entry of that name or alias; case, spaces and the characters / - _ @ . make no difference. Null if
/// there is none. Of a model in several files, the one with the weights.
const CatalogueEntry* find_model(const std::string& name);

/// All files of the model of that name, the weights first; empty if there is none.
std::vector<const CatalogueEntry*> find_model_files(const std::string& name);

/// `~` at the start is the user's home folder.
std::filesystem::path expand_home(const std::string& path);

/// Where a file lies once it is installed. `models_parent_dir` as in the settings.
std::filesystem::path model_path(const CatalogueEntry& entry, const std::string& models_parent_dir);

/// The command that downloads a model, as a shell takes it.
std::string fetch_command(const CatalogueEntry& entry, const std::string& models_parent_dir);

/// Why a model that has no sha256 is not downloaded and what to do; `there` is where its file belongs.
std::string by_hand(const CatalogueEntry& entry, const std::string& there);

/// A size for people, in decimal units: "354.0 MB".
std::string size_text(std::uint64_t bytes);

/// What models_parent_dir is when nobody sets it.
extern const char* const kDefaultModelsParent;

}  // namespace reverie::models
