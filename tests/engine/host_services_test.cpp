// Devices, files, weights and output names: what the host finds, and what it says when it does not.

#include "engine/host_services.h"

#include <gtest/gtest.h>

#include <functional>

#include "support/in_scratch.h"
#include "support/numbers.h"
#include "weights/safetensors.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

/// The error that `work` must throw.
Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorKind::usage, "");
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(ChooseDevice, Cpu) {
  EXPECT_TRUE(engine::choose_device("cpu").is_cpu());
  EXPECT_TRUE(engine::choose_device("CPU").is_cpu());
  EXPECT_NO_THROW(engine::choose_device("auto"));
}

TEST(ChooseDevice, WordsThatNameNone) {
  for (const char* word :
       {"gpu", "", "cuda:", "cuda:x", "cuda:-1", "-1", "1.5", "99999999999999999999", "cpu:0", "mps"}) {
    const Error error = error_of([&] { engine::choose_device(word); });
    EXPECT_EQ(error.kind(), ErrorKind::settings) << word;
    EXPECT_TRUE(holds(error.what(), "'device' is '" + std::string(word) + "'")) << error.what();
    EXPECT_TRUE(holds(error.what(), "auto, cpu, cuda, cuda:N or N")) << error.what();
  }
}

TEST(ChooseDevice, ABareNumberIsTheCpuWhereThereIsNoGpu) {
  if (!engine::choose_device("auto").is_cpu()) GTEST_SKIP() << "there is a GPU";
  EXPECT_TRUE(engine::choose_device("0").is_cpu());
}

TEST(ChooseDevice, ThatIsNotThere) {
  for (const char* word : {"cuda", "cuda:999"}) {
    if (word == std::string("cuda") && !engine::choose_device("auto").is_cpu()) continue;  // there it is
    const Error error = error_of([&] { engine::choose_device(word); });
    EXPECT_EQ(error.kind(), ErrorKind::device) << word;
    EXPECT_TRUE(holds(error.what(), word)) << error.what();
    EXPECT_TRUE(holds(error.advice(), "cpu")) << error.advice();
  }
}

class HostWeights : public InScratch {
 protected:
  void SetUp() override {
    InScratch::SetUp();
    fs::create_directories("models/vqgan");
    fs::create_directories("cache/reverie");
    weights::write_safetensors("models/tiny_heart.safetensors", {{"a", at::tensor({1.0f})}});
    weights::write_safetensors("models/tiny_owl.safetensors", {{"a", at::tensor({2.0f})}});
    weights::write_safetensors("cache/reverie/fetched.safetensors", {{"a", at::tensor({3.0f})}});
    weights::write_safetensors("own.safetensors", {{"a", at::tensor({4.0f})}});
    weights::write_safetensors("models/vqgan/tiny.safetensors", {{"a", at::tensor({5.0f})}});
    fs::create_directories("cache/vqgan");
    // What a file is follows from its contents.
    weights::write_safetensors("cache/vqgan/faceshq.ckpt", {{"a", at::tensor({6.0f})}});
    weights::write_safetensors("cache/vqgan/sflckr.ckpt", {{"a", at::tensor({7.0f})}});
  }
  engine::HostServices host() {
    return engine::HostServices({"cpu", 5, scratch_ / "models", (scratch_ / "cache").string()});
  }
  float first(const std::string& name) { return host().load_weights(name)->tensor("a")[0].item<float>(); }
};

TEST_F(HostWeights, AreFoundByNameOrPath) {
  EXPECT_EQ(host().shipped_models(), (std::vector<std::string>{"tiny_heart", "tiny_owl"}));
  EXPECT_EQ(first("tiny_heart"), 1);
  EXPECT_EQ(first("fetched"), 3);
  EXPECT_EQ(first("own.safetensors"), 4);
  EXPECT_EQ(first((scratch_ / "own.safetensors").string()), 4);
}

TEST_F(HostWeights, OfImageModelsLieInFoldersOfTheirOwn) {
  EXPECT_EQ(first("tiny"), 5);
  EXPECT_EQ(first("faceshq"), 6);
  EXPECT_EQ(first("sflckr"), 7);
  EXPECT_EQ(first("sflickr"), 7) << "a spelling that documents use";
}

TEST_F(HostWeights, WithoutAnAddressSayWhereTheyBelong) {
  fs::remove("cache/vqgan/faceshq.ckpt");
  const Error error = error_of([&] { host().load_weights("FacesHQ"); });
  EXPECT_EQ(error.kind(), ErrorKind::file);
  EXPECT_TRUE(holds(error.what(), (scratch_ / "cache/vqgan/faceshq.ckpt").string())) << error.what();
  EXPECT_EQ(error.advice().find("fetch"), std::string::npos) << error.advice();
}

TEST_F(HostWeights, MissingOnesNameEveryPlaceAndTheNearest) {
  const Error error = error_of([&] { host().load_weights("tiny_hart"); });
  EXPECT_EQ(error.kind(), ErrorKind::file);
  EXPECT_TRUE(holds(error.what(), "there are no weights 'tiny_hart'")) << error.what();
  EXPECT_TRUE(holds(error.what(), (scratch_ / "models/tiny_hart.safetensors").string())) << error.what();
  EXPECT_TRUE(holds(error.what(), (scratch_ / "cache/reverie/tiny_hart.safetensors").string()))
      << error.what();
  EXPECT_TRUE(holds(error.what(), "tiny_heart tiny_owl")) << error.what();
  EXPECT_EQ(error.advice(), "did you mean 'tiny_heart'?");
}

TEST_F(HostWeights, OddNamesAreOnlyMissing) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(5000, 'x'), std::string("own.safetensors/x")})
    EXPECT_EQ(error_of([&] { host().load_weights(name); }).kind(), ErrorKind::file) << name.substr(0, 20);
}

TEST_F(HostWeights, OtherFormatsAreRefused) {
  scratch_.write("model.pt", "PK");
  const Error error = error_of([&] { host().load_weights("model.pt"); });
  EXPECT_EQ(error.kind(), ErrorKind::model);
  EXPECT_TRUE(holds(error.what(), "model.pt")) << error.what();
}

TEST_F(HostWeights, AndOtherFilesThatWereUsedAreRemembered) {
  engine::HostServices one = host();
  one.load_weights("tiny");
  one.resolve_asset("own.safetensors");
  one.load_weights("tiny_owl");
  one.load_weights("tiny");
  one.resolve_asset("models");  // a folder
  EXPECT_ANY_THROW(one.load_weights("none"));
  one.find_weights("tiny_heart");
  const fs::path models = scratch_ / "models";
  EXPECT_EQ(one.used_files(), (std::vector<fs::path>{models / "vqgan/tiny.safetensors", "own.safetensors",
                                                     models / "tiny_owl.safetensors"}));
}

TEST_F(HostWeights, Assets) {
  EXPECT_EQ(host().resolve_asset("own.safetensors"), fs::path("own.safetensors"));
  EXPECT_EQ(error_of([&] { host().resolve_asset("none.png"); }).kind(), ErrorKind::file);
  EXPECT_EQ(host().resolve_asset("file://" + (scratch_ / "own.safetensors").string()),
            scratch_ / "own.safetensors");
  EXPECT_EQ(error_of([&] { host().resolve_asset("ftp://host/a.png"); }).kind(), ErrorKind::file);
  EXPECT_EQ(error_of([&] { host().load_image("a.png"); }).kind(), ErrorKind::unsupported);
}

TEST_F(HostWeights, WhatIsMadeOfThemIsKeptForTheNextRunAsLongAsTheFileStays) {
  const auto networks = std::make_shared<engine::NetworkCache>(2);
  int made = 0;
  const auto sum = [&](engine::HostServices& host, const std::string& what, const std::string& name) {
    const auto weights = host.load_weights(name);
    return host.cached<double>(what, *weights, [&] {
      ++made;
      return std::make_shared<const double>(weights->tensor("a").sum().item<double>());
    });
  };
  const auto run = [&](const std::string& precision = "fp32") {
    return engine::HostServices({"cpu", 1, "models", "cache", precision, nullptr, networks});
  };
  engine::HostServices one = run(), next = run(), other = run("bf16"), alone({"cpu", 1, "models", "cache"});
  const auto first = sum(one, "sum", "own.safetensors");
  EXPECT_EQ(*first, 4);
  EXPECT_EQ(sum(next, "sum", "own.safetensors"), first);
  EXPECT_EQ(made, 1);
  sum(next, "other sum", "own.safetensors");
  sum(other, "sum", "own.safetensors");
  sum(alone, "sum", "own.safetensors");
  sum(alone, "sum", "own.safetensors");
  EXPECT_EQ(made, 5) << "another thing, another precision, and no shelf at all";

  weights::write_safetensors("own.safetensors", {{"a", at::tensor({4.0f, 5.0f})}});
  EXPECT_EQ(*sum(next, "sum", "own.safetensors"), 9);

  // Of those that nobody has, two stay; what a run has stays in any case for that run.
  made = 0;
  for (const char* name : {"tiny_heart", "tiny_owl"}) sum(next, "sum", name);
  sum(next, "sum", "tiny_owl");
  EXPECT_EQ(made, 2);
  sum(next, "sum", "own.safetensors");
  EXPECT_EQ(made, 3);
  EXPECT_EQ(*first, 4);
}

TEST_F(HostWeights, TheSeedDecidesWhatIsDrawn) {
  engine::HostServices a({"cpu", 5, "models", ""}), b({"cpu", 5, "models", ""}), c({"cpu", 6, "models", ""});
  const at::Tensor x = at::rand({8}, a.generator());
  EXPECT_TRUE(at::equal(x, at::rand({8}, b.generator())));
  EXPECT_FALSE(at::equal(x, at::rand({8}, c.generator())));
}

}  // namespace
}  // namespace reverie::test
