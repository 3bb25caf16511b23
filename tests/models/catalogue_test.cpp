// The table of published files, names, and what the host says of weights that are not installed.

#include "models/catalogue.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "engine/host_services.h"
#include "reverie/error.h"
#include "support/process.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

std::string name_of(const std::string& written) {
  const models::CatalogueEntry* entry = models::find_model(written);
  return entry ? entry->name : "";
}

TEST(Catalogue, EveryEntryIsComplete) {
  std::set<std::string> files, hashes;
  for (const models::CatalogueEntry& entry : models::model_catalogue()) {
    SCOPED_TRACE(entry.name);
    EXPECT_EQ(entry.sha256.size(), 64u);
    EXPECT_EQ(entry.sha256.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_GT(entry.bytes, 0u);
    EXPECT_FALSE(entry.licence.empty());
    EXPECT_FALSE(entry.purpose.empty());
    EXPECT_FALSE(entry.urls.empty());
    for (const std::string& url : entry.urls) EXPECT_TRUE(url.rfind("http", 0) == 0) << url;
    EXPECT_EQ((entry.family + entry.file).find('/'), std::string::npos);
    EXPECT_TRUE(files.insert(entry.family + "/" + entry.file).second) << "two models in one file";
    EXPECT_TRUE(hashes.insert(entry.sha256).second) << "one file twice";
    EXPECT_EQ(models::find_model(entry.name), &entry) << "another one answers to its name";
    for (const std::string& alias : entry.aliases) EXPECT_TRUE(models::find_model(alias)) << alias;
  }
}

TEST(Catalogue, OpenAIsAddressesContainTheHash) {
  int count = 0;
  for (const models::CatalogueEntry& entry : models::model_catalogue()) {
    if (entry.purpose.rfind("OpenAI's CLIP", 0) != 0) continue;
    ++count;
    for (const std::string& url : entry.urls)
      EXPECT_NE(url.find("/" + entry.sha256 + "/" + entry.file), std::string::npos) << url;
  }
  EXPECT_EQ(count, 9);
}

TEST(Catalogue, EveryClipHasAnActivation) {
  int count = 0;
  for (const models::CatalogueEntry& entry : models::model_catalogue()) {
    const bool clip = entry.used_by == "perceptors/clip" && entry.name != "clip-vocabulary";
    count += clip;
    EXPECT_EQ(entry.activation == "gelu" || entry.activation == "quick_gelu", clip) << entry.name;
  }
  EXPECT_EQ(count, 12);
  EXPECT_EQ(models::find_model("ViT-B/32")->activation, "quick_gelu");
  // Its own name would suggest quick_gelu: CLIPs trained on YFCC15M alone have it.
  EXPECT_EQ(models::find_model("TinyCLIP-ViT-8M-16-Text-3M-YFCC15M")->activation, "gelu");
}

TEST(Catalogue, HashesFromOthersBelongToOneRevision) {
  int count = 0;
  for (const models::CatalogueEntry& entry : models::model_catalogue()) {
    if (!entry.second_hand) continue;
    ++count;
    for (const std::string& url : entry.urls) {
      const std::size_t at = url.find("/resolve/");
      ASSERT_NE(at, std::string::npos) << url;
      const std::string revision = url.substr(at + 9, url.find('/', at + 9) - at - 9);
      EXPECT_EQ(revision.size(), 40u) << url;
      EXPECT_EQ(revision.find_first_not_of("0123456789abcdef"), std::string::npos) << url;
    }
  }
  EXPECT_EQ(count, 3);
}

TEST(Catalogue, WhatIsNotFreeForEveryUseIsKnown) {
  for (const char* free : {"ViT-B/32", "TinyCLIP", "clip-vocabulary", "Depth-Anything-V2-Small"})
    EXPECT_FALSE(models::find_model(free)->restricted()) << free;
  for (const char* other : {"sflckr", "coco", "AdaBins", "raft_large"})
    EXPECT_TRUE(models::find_model(other)->restricted()) << other;
}

TEST(Catalogue, SettingsNameTheirModels) {
  const std::pair<const char*, const char*> flags[] = {
      {"ViTB32", "ViT-B/32"}, {"ViTB16", "ViT-B/16"},
      {"ViTL14", "ViT-L/14"}, {"ViTL14_336px", "ViT-L/14@336px"},
      {"RN50", "RN50"},       {"RN101", "RN101"},
      {"RN50x4", "RN50x4"},   {"RN50x16", "RN50x16"},
      {"RN50x64", "RN50x64"}};
  for (const auto& [flag, name] : flags) EXPECT_EQ(name_of(flag), name);
  for (const char* vqgan : {"imagenet", "coco", "wikiart", "sflckr", "openimages"}) {
    const auto parts = models::find_model_files(vqgan);
    ASSERT_EQ(parts.size(), 2u) << vqgan;
    EXPECT_EQ(parts[0]->file, std::string(vqgan) + ".ckpt");
    EXPECT_EQ(parts[1]->file, std::string(vqgan) + ".yaml");
    EXPECT_EQ(models::find_model_files(std::string(vqgan) + " config"), std::vector{parts[1]});
  }
}

TEST(Catalogue, SpellingIsForgiven) {
  for (const char* name : {"ViT-B/32", "vit-b/32", "VIT_B_32", "vit b 32", "ViT-B-32.pt", "ViT@B32"})
    EXPECT_EQ(name_of(name), "ViT-B/32") << name;
  EXPECT_EQ(name_of("CLIP Vocabulary"), "clip-vocabulary");
  EXPECT_EQ(name_of("sflickr"), "sflckr") << "a spelling that documents use";
  for (const char* name : {"", "/", "ViT", "ViT-B/33", "RN50x", "RN50x644"})
    EXPECT_EQ(name_of(name), "") << name;
}

TEST(Catalogue, FilesLieWhereOpenAIsPackagePutsThem) {
  const Scratch home;
  const char* before = std::getenv("HOME");
  const std::string saved = before ? before : "";
  ::setenv("HOME", home.path().c_str(), 1);
  EXPECT_EQ(models::model_path(*models::find_model("ViTB32"), models::kDefaultModelsParent),
            home / ".cache/clip/ViT-B-32.pt");
  EXPECT_EQ(models::expand_home("~"), home.path());
  EXPECT_EQ(models::expand_home("~user/x"), "~user/x");
  EXPECT_EQ(models::expand_home("a/~"), "a/~");
  ::setenv("HOME", saved.c_str(), 1);
}

TEST(Catalogue, TheCommandSurvivesAShell) {
  EXPECT_EQ(models::fetch_command(*models::find_model("ViTB32"), models::kDefaultModelsParent),
            "reverie models fetch ViT-B/32");
  const Scratch scratch;
  const std::string folder = "/my 'own' models; $HOME";
  const std::string command = models::fetch_command(*models::find_model("sflckr config"), folder);
  const Outcome shell =
      run({"/bin/sh", "-c", "reverie() { printf '%s\\n' \"$@\"; }; " + command}, scratch.path());
  EXPECT_EQ(shell.out, "models\nfetch\nsflckr config\nmodels_parent_dir=" + folder + "\n");
}

TEST(Catalogue, SizesForPeople) {
  EXPECT_EQ(models::size_text(692), "692 B");
  EXPECT_EQ(models::size_text(999), "999 B");
  EXPECT_EQ(models::size_text(1000), "1.0 kB");
  EXPECT_EQ(models::size_text(999'949), "999.9 kB");
  EXPECT_EQ(models::size_text(999'950), "1.0 MB");
  EXPECT_EQ(models::size_text(353'976'522), "354.0 MB");
  EXPECT_EQ(models::size_text(4'263'525'412), "4.3 GB");
}

class HostFindsModels : public testing::Test {
 protected:
  Error error_of(const std::string& name) {
    const engine::HostServices::Options options{"cpu", 1, scratch_ / "shipped", scratch_.path().string()};
    try {
      engine::HostServices(options).load_weights(name);
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorKind::usage, "no error");
  }
  Scratch scratch_;
};

TEST_F(HostFindsModels, AbsentOnesComeWithTheCommand) {
  for (const char* name : {"ViT-B/32", "ViTB32", "vit-b-32"}) {
    const Error error = error_of(name);
    EXPECT_EQ(error.kind(), ErrorKind::file);
    EXPECT_EQ(error.what(), "the model 'ViT-B/32' is not installed: there is no file '" +
                                (scratch_ / "clip/ViT-B-32.pt").string() + "'");
    EXPECT_EQ(error.advice(), "reverie models fetch ViT-B/32 models_parent_dir=" + scratch_.path().string() +
                                  " downloads it (354.0 MB)");
  }
}

TEST_F(HostFindsModels, InstalledOnesAreOpened) {
  std::filesystem::create_directories(scratch_ / "clip");
  scratch_.write("clip/ViT-B-32.pt", "no model at all");
  const Error error = error_of("ViTB32");
  EXPECT_NE(std::string(error.what()).find((scratch_ / "clip/ViT-B-32.pt").string()), std::string::npos)
      << error.what();
  EXPECT_EQ(error.advice().find("fetch"), std::string::npos) << error.advice();
}

/// A file with one tensor.
std::string safetensors(const std::string& metadata) {
  const std::string header = "{" + metadata + R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  return bytes + header + std::string(4, '\0');
}

TEST_F(HostFindsModels, TheListSaysTheActivationThatFilesLeaveOut) {
  std::filesystem::create_directories(scratch_ / "clip");
  engine::HostServices host({"cpu", 1, scratch_ / "shipped", scratch_.path().string()});
  const std::string file = "clip/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M.safetensors", key = "clip.activation";
  scratch_.write(file, safetensors(""));
  const auto by_name = host.load_weights("TinyCLIP"), by_path = host.load_weights((scratch_ / file).string());
  EXPECT_EQ(by_name->metadata().at(key), "gelu");
  EXPECT_EQ(by_path->metadata().at(key), "gelu");
  EXPECT_EQ(by_path->names(), std::vector<std::string>{"a"});
  EXPECT_EQ(by_path->origin(), (scratch_ / file).string());
  scratch_.write(file, safetensors(R"("__metadata__":{"clip.activation":"quick_gelu"},)"));
  EXPECT_EQ(host.load_weights("TinyCLIP")->metadata().at(key), "quick_gelu") << "it says so itself";
  scratch_.write("other.safetensors", safetensors(""));
  EXPECT_EQ(host.load_weights((scratch_ / "other.safetensors").string())->metadata().count(key), 0u);
}

TEST_F(HostFindsModels, MistypedOnesSuggestTheNearest) {
  EXPECT_EQ(error_of("RN50x46").advice().rfind("did you mean 'RN50x4'", 0), 0u);
}

}  // namespace
}  // namespace reverie::test
