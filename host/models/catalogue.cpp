#include "models/catalogue.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

namespace reverie {

const char* const kDefaultModelsParent = "~/.cache";

namespace {

/// A collection of the files that PyTTI uses, kept by the makers of PyTTI Portable.
const std::string kCollection = "https://huggingface.co/pxlpshr/pytti-models/resolve/main/";
const std::string kHeidelberg = "https://heibox.uni-heidelberg.de/";

CatalogueEntry clip(const char* name, const char* file, const char* flag, std::uint64_t bytes,
                    const std::string& sha256) {
  // OpenAI's addresses contain the hash, and the collection keeps their layout.
  const std::string place = sha256 + "/" + file;
  return {name,
          {flag, file},
          "clip",
          file,
          bytes,
          sha256,
          {"https://openaipublic.azureedge.net/clip/models/" + place, kCollection + "clip/" + place},
          "MIT",
          "OpenAI's CLIP, to judge pictures by words",
          "perceptors/clip"};
}

struct Published {
  std::uint64_t bytes;
  const char* sha256;
  std::string url;
};

/// A VQGAN is two files, saved under the name that the setting vqgan_model has for it.
void add_vqgan(std::vector<CatalogueEntry>& all, const std::string& name, std::vector<std::string> aliases,
               const char* stem, const char* licence, const char* trained_on, const Published& weights,
               const Published& config) {
  aliases.push_back("VQGAN " + name);
  all.push_back({name,
                 aliases,
                 "vqgan",
                 name + ".ckpt",
                 weights.bytes,
                 weights.sha256,
                 {weights.url, kCollection + "vqgan/" + stem + ".ckpt"},
                 licence,
                 std::string("VQGAN trained on ") + trained_on,
                 "image_models/vqgan"});
  aliases.push_back(name);
  all.push_back({name + " config",
                 aliases,
                 "vqgan",
                 name + ".yaml",
                 config.bytes,
                 config.sha256,
                 {config.url, kCollection + "vqgan/" + stem + ".yaml"},
                 licence,
                 "its configuration",
                 "image_models/vqgan"});
}

std::vector<CatalogueEntry> make_catalogue() {
  std::vector<CatalogueEntry> all = {
      clip("ViT-B/32", "ViT-B-32.pt", "ViTB32", 353976522,
           "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"),
      clip("ViT-B/16", "ViT-B-16.pt", "ViTB16", 350837078,
           "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"),
      clip("ViT-L/14", "ViT-L-14.pt", "ViTL14", 932768134,
           "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"),
      clip("ViT-L/14@336px", "ViT-L-14-336px.pt", "ViTL14_336px", 934088680,
           "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"),
      clip("RN50", "RN50.pt", "RN50", 255827503,
           "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"),
      clip("RN101", "RN101.pt", "RN101", 291791292,
           "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599"),
      clip("RN50x4", "RN50x4.pt", "RN50x4", 421854225,
           "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd"),
      clip("RN50x16", "RN50x16.pt", "RN50x16", 661125706,
           "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa"),
      clip("RN50x64", "RN50x64.pt", "RN50x64", 1353500174,
           "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c"),
      {"clip-vocabulary",
       {"bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6"},
       "clip",
       "bpe_simple_vocab_16e6.txt.gz",
       1356917,
       "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
       {"https://raw.githubusercontent.com/openai/CLIP/main/clip/bpe_simple_vocab_16e6.txt.gz",
        "https://raw.githubusercontent.com/mlfoundations/open_clip/main/src/open_clip/"
        "bpe_simple_vocab_16e6.txt.gz"},
       "MIT",
       "the words that OpenAI's CLIP knows",
       "perceptors/clip"},
  };
  constexpr const char* kTaming = "MIT (code), weights unstated";
  add_vqgan(
      all, "sflckr", {"sflickr"}, "sflckr", kTaming, "landscapes of Flickr",
      {4263525412, "8a8adea3da8dab412675772831370dd948e0aa97bb11a9488a2f328b58dbc929",
       kHeidelberg + "d/73487ab6e5314cb5adba/files/?p=%2Fcheckpoints%2Flast.ckpt&dl=1"},
      {1603, "c27f012996f3f1f02580f063be47fd60bdd8528efb04d7318b2cbe8a86505b1b",
       kHeidelberg + "d/73487ab6e5314cb5adba/files/?p=%2Fconfigs%2F2020-11-09T13-31-51-project.yaml&dl=1"});
  add_vqgan(all, "imagenet", {}, "imagenet", kTaming, "ImageNet, 16384 codes",
            {980092370, "845a68805098cb666420d5db93df53f3a3b6dd443e6dd85c05759c5b998cd663",
             kHeidelberg + "f/867b05fc8c4841768640/?dl=1"},
            {692, "00e2c6189926f1d89ecfef73e9598db77981c1982f0555fbade963ffd16143c7",
             kHeidelberg + "f/274fb24ed38341bfa753/?dl=1"});
  add_vqgan(all, "openimages", {}, "openimages", kTaming, "Open Images, 8192 codes",
            {376581823, "5cd6c74810ab97e00e942c25403f73afc081e8b19987b31ec0d9ff5b68e7ab14",
             kHeidelberg + "d/2e5662443a6b4307b470/files/?p=%2Fckpts%2Flast.ckpt&dl=1"},
            {745, "91110bab325067b37f85d1e75895a837d59c292bae4f3097f80c518714d5caff",
             kHeidelberg + "d/2e5662443a6b4307b470/files/?p=%2Fconfigs%2Fmodel.yaml&dl=1"});
  add_vqgan(all, "coco", {"coco_first_stage"}, "coco_first_stage", "unstated", "COCO",
            {296030214, "106cc20fde571df14afc4349d62218d8213cf47177c682ecaa78a8c28b12f9de",
             "http://batbot.ai/models/VQGAN/coco_first_stage.ckpt"},
            {458, "17d0c2d9fda59eccade2a6070d833804b759dc817da42c2268be8cf1eb047676",
             "http://batbot.ai/models/VQGAN/coco_first_stage.yaml"});
  add_vqgan(all, "wikiart", {}, "wikiart", "unstated", "paintings of WikiArt, 16384 codes",
            {1005327541, "bd08bb46301f98be1712bb2be9f8868cea30b53137cd985d4d6e8da8b3e02c36",
             "http://eaidata.bmk.sh/data/Wikiart_16384/wikiart_f16_16384_8145600.ckpt"},
            {920, "6e78241d2828ff35b8381839ce249c24a6c468ed429760d33a25e98e7f24499a",
             "http://eaidata.bmk.sh/data/Wikiart_16384/wikiart_f16_16384_8145600.yaml"});
  all.push_back({"AdaBins",
                 {"AdaBins_nyu", "AdaBins_nyu.pt"},
                 "adabins",
                 "AdaBins_nyu.pt",
                 940558786,
                 "3c917d1b86d058918d4055e70b2cdb9696ec4967bb2d8f05c0051263c1ac9641",
                 {"https://huggingface.co/deforum/AdaBins/resolve/main/AdaBins_nyu.pt",
                  kCollection + "adabins/AdaBins_nyu.pt"},
                 "GPL-3.0 (code), weights unstated",
                 "depth of a picture, in metres",
                 "depth_estimators/adabins"});
  all.push_back({"Depth-Anything-V2-Small",
                 {"depth_anything_v2_vits", "depth_anything_v2_vits.pth"},
                 "depth_anything",
                 "depth_anything_v2_vits.pth",
                 99218434,
                 "715fade13be8f229f8a70cc02066f656f2423a59effd0579197bbf57860e1378",
                 {"https://huggingface.co/depth-anything/Depth-Anything-V2-Small/resolve/main/"
                  "depth_anything_v2_vits.pth"},
                 "Apache-2.0",
                 "depth of a picture, relative",
                 "depth_estimators/depth_anything"});
  const auto add_raft = [&](const char* name, const char* file, std::uint64_t bytes, const char* sha256,
                            const char* purpose) {
    all.push_back({name,
                   {file},
                   "raft",
                   file,
                   bytes,
                   sha256,
                   {std::string("https://download.pytorch.org/models/") + file},
                   "BSD-3-Clause (code), weights unstated",
                   purpose,
                   "flow_estimators/raft"});
  };
  add_raft("raft_large", "raft_large_C_T_SKHT_V2-ff5fadd5.pth", 21106607,
           "ff5fadd56d26b40647388883af1547351ea17868b765c05b27231e72dd16a322",
           "torchvision's RAFT: optical flow");
  add_raft("raft_small", "raft_small_C_T_V2-01064c6d.pth", 4006189,
           "01064c6dba73b0fc9fc8edf772248560a00a3acfd62ac6677e9eeebad9680e27",
           "torchvision's small RAFT: optical flow");
  return all;
}

/// What is left of a name when only letters and digits count.
std::string key(const std::string& name) {
  std::string result;
  for (const char c : name)
    if (std::string("/-_@. ").find(c) == std::string::npos)
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Whether a word reaches a program unchanged when typed into a shell.
bool plain_word(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string("/-_@.,:+=~").find(static_cast<char>(c)) != std::string::npos;
  });
}

}  // namespace

const std::vector<CatalogueEntry>& model_catalogue() {
  static const std::vector<CatalogueEntry> catalogue = make_catalogue();
  return catalogue;
}

const std::vector<CatalogueEntry>& models_without_address() {
  static const std::vector<CatalogueEntry> models = [] {
    std::vector<CatalogueEntry> all = {{"faceshq",
                                        {},
                                        "vqgan",
                                        "faceshq.ckpt",
                                        0,
                                        "",
                                        {},
                                        "MIT (code), weights unstated",
                                        "VQGAN trained on faces; its file has to be put there by hand",
                                        "image_models/vqgan"}};
    for (const std::string set : {"sintel", "things", "chairs", "kitti"})
      all.push_back(
          {"gma-" + set,
           {},
           "gma",
           "gma-" + set + ".pth",
           0,
           "",
           {"https://github.com/zacjiang/GMA/raw/2f1fd29468a86a354d44dd25d107930b3f175043/checkpoints/gma-" +
            set + ".pth"},
           "WTFPL",
           "optical flow; its file has to be put there by hand",
           "flow_estimators/gma"});
    return all;
  }();
  return models;
}

std::vector<const CatalogueEntry*> find_model_files(const std::string& name) {
  const std::string wanted = key(name);
  std::vector<const CatalogueEntry*> result;
  if (wanted.empty()) return result;
  for (const CatalogueEntry& entry : model_catalogue())
    if (key(entry.name) == wanted || std::any_of(entry.aliases.begin(), entry.aliases.end(),
                                                 [&](const std::string& a) { return key(a) == wanted; }))
      result.push_back(&entry);
  return result;
}

const CatalogueEntry* find_model(const std::string& name) {
  const auto files = find_model_files(name);
  return files.empty() ? nullptr : files.front();
}

std::filesystem::path expand_home(const std::string& path) {
  if (path.rfind("~", 0) != 0 || (path.size() > 1 && path[1] != '/')) return path;
  const char* home = std::getenv("HOME");
  return std::string(home ? home : "") + path.substr(1);
}

std::filesystem::path model_path(const CatalogueEntry& entry, const std::string& models_parent_dir) {
  return expand_home(models_parent_dir) / entry.family / entry.file;
}

std::string fetch_command(const CatalogueEntry& entry, const std::string& models_parent_dir) {
  std::string command = "reverie models fetch ";
  command += plain_word(entry.name) ? entry.name : "'" + entry.name + "'";
  if (models_parent_dir == kDefaultModelsParent) return command;
  std::string quoted;
  for (const char c : models_parent_dir) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return command + " models_parent_dir=" + (plain_word(models_parent_dir) ? quoted : "'" + quoted + "'");
}

std::string by_hand(const CatalogueEntry& entry, const std::string& there) {
  if (entry.urls.empty())
    return "no address is known from which it could be downloaded safely: if you have the file, put it " +
           there;
  return "no checksum is known by which a download could be checked: get " + entry.urls.front() +
         " yourself and put it " + there;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace reverie
