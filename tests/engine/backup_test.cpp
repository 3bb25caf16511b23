// Backups come back bit for bit and tell when they are damaged.

#include "engine/backup.h"

#include <ATen/ATen.h>
#include <json/json.h>
#include <sys/stat.h>

#include <cstring>
#include <sstream>

#include "models/sha256.h"
#include "reverie/error.h"
#include "support/child.h"
#include "support/in_scratch.h"
#include "support/numbers.h"
#include "support/process.h"
#include "weights/safetensors.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().contiguous();
  return {static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()};
}

testing::AssertionResult same_bits(const at::Tensor& got, const at::Tensor& expected) {
  if (got.scalar_type() != expected.scalar_type()) return testing::AssertionFailure() << got.scalar_type();
  if (got.sizes() != expected.sizes()) return testing::AssertionFailure() << got.sizes();
  if (bytes_of(got) != bytes_of(expected)) return testing::AssertionFailure() << "other bits";
  return testing::AssertionSuccess();
}

/// Random bits as numbers of a type: among them are NaNs with all kinds of payloads and denormals.
at::Tensor random_bits(at::ScalarType type, std::int64_t count) {
  const auto size = static_cast<std::int64_t>(c10::elementSize(type));
  return at::randint(0, 256, {count * size}, seeded(7), at::kByte).view(type);
}

engine::Backup varied() {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  engine::Backup backup;
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort,
                          at::kChar, at::kByte})
    backup.tensors[std::string("random ") + c10::toString(type)] = random_bits(type, 301);
  backup.tensors["special"] =
      at::tensor({kInfinity, -kInfinity, std::nanf("5"), -0.0f, 1e-45f, std::numeric_limits<float>::max()});
  backup.tensors["flags"] = at::tensor({1, 0, 1}).to(at::kBool);
  backup.tensors["one number"] = at::scalar_tensor(3.25, at::kDouble);
  backup.tensors["one flag"] = at::scalar_tensor(true, at::kBool);
  backup.tensors["none"] = at::empty({0}, at::kFloat);
  backup.tensors["none of three"] = at::empty({3, 0, 2}, at::kLong);
  backup.tensors["turned"] = at::arange(12, at::kFloat).view({3, 4}).t();
  backup.tensors["part"] = at::arange(40, at::kInt).view({5, 8}).slice(1, 1, 7, 2);
  backup.tensors["trained"] = at::rand({2, 3}, seeded(1)).set_requires_grad(true);
  backup.tensors["sha256"] = at::arange(3, at::kLong);
  backup.tensors["Ünicode \"quoted\" \\ /"] = at::arange(2, at::kFloat);
  return backup;
}

using BackupFile = InScratch;

TEST_F(BackupFile, KeepsEveryBit) {
  const engine::Backup written = varied();
  engine::write_backup("deep/er/x.bak", written);
  const engine::Backup read = engine::read_backup("deep/er/x.bak");
  ASSERT_EQ(read.tensors.size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    ASSERT_TRUE(read.tensors.count(name)) << name;
    EXPECT_TRUE(same_bits(read.tensors.at(name), tensor)) << name;
  }
  EXPECT_TRUE(read.metadata.empty());
  const std::string bytes = read_bytes("deep/er/x.bak");
  engine::write_backup("again.bak", read);
  EXPECT_EQ(read_bytes("again.bak"), bytes) << "the same contents make the same file";
}

TEST_F(BackupFile, KeepsEveryText) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const engine::Backup written{{},
                               {{"", "no key"},
                                {"no text", ""},
                                {"bytes", every_byte},
                                {"json", R"({"a": "\"sha256\":\"00\"", "b": ["\\", "\u00e9"]})"},
                                {"mark", "\"sha256\":\"" + std::string(64, '0') + "\""},
                                {"\"sha256\":\"", "a key"},
                                {"Ünï", "𝛼 → 日本\n\t\r"},
                                {"step", "120"}}};
  engine::write_backup("x.bak", written);
  EXPECT_EQ(engine::read_backup("x.bak").metadata, written.metadata);
  EXPECT_TRUE(engine::read_backup("x.bak").tensors.empty());
  engine::write_backup("x.bak", {});
  EXPECT_TRUE(engine::read_backup("x.bak").metadata.empty());
  for (const char* name : {"sha256", "a\"sha256", "z\"sha256"})
    EXPECT_THROW(engine::write_backup("y.bak", {{}, {{name, std::string(64, '0')}}}), Error) << name;
  EXPECT_THROW(engine::write_backup("y.bak", {{{"z", at::zeros({2}, at::kComplexFloat)}}, {}}), Error);
  EXPECT_FALSE(fs::exists("y.bak"));
}

TEST_F(BackupFile, TensorsOwnTheirMemory) {
  const engine::Backup written = varied();
  engine::write_backup("x.bak", written);
  const engine::Backup read = engine::read_backup("x.bak");
  fs::resize_file("x.bak", 0);
  for (const auto& [name, tensor] : read.tensors) {
    EXPECT_EQ(tensor.storage().nbytes(), tensor.nbytes()) << name;
    EXPECT_TRUE(same_bits(tensor, written.tensors.at(name))) << name;
    EXPECT_FALSE(tensor.requires_grad());
  }
}

// The format as the header describes it, by other programs: safetensors' own reader and hashlib.
TEST_F(BackupFile, IsASafetensorsFileWithItsChecksum) {
  engine::Backup written = varied();
  std::erase_if(written.tensors, [](const auto& item) { return item.second.scalar_type() == at::kBFloat16; });
  written.metadata = {{"settings", "{\"scenes\": \"a \\\"red\\\" hill\"}"}, {"step", "7"}};
  engine::write_backup("x.bak", written);
  const Outcome outcome =
      run({REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/backup_reference.py", "x.bak"}, scratch_.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  Json::Value read;
  std::istringstream(outcome.out) >> read;
  EXPECT_TRUE(read["checksum holds"].asBool());
  for (const auto& [key, text] : written.metadata) EXPECT_EQ(read["metadata"][key].asString(), text);
  EXPECT_EQ(read["metadata"].size(), written.metadata.size() + 1) << "and the checksum";
  ASSERT_EQ(read["tensors"].size(), written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    const Json::Value& other = read["tensors"][name];
    std::vector<std::int64_t> shape;
    for (const Json::Value& side : other["shape"]) shape.push_back(side.asInt64());
    EXPECT_EQ(at::IntArrayRef(shape), tensor.sizes()) << name;
    std::string hex;
    for (const char byte : bytes_of(tensor)) {
      constexpr char kDigits[] = "0123456789abcdef";
      hex += kDigits[static_cast<unsigned char>(byte) >> 4];
      hex += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    EXPECT_EQ(other["bytes"].asString(), hex) << name;
  }
}

/// What is wrong with the file by read_backup: an Error(model) that names it.
std::string complaint_about(const std::string& bytes) {
  fs::remove("damaged.bak");  // some file systems wait for the disk when a file is cut and written again
  std::ofstream("damaged.bak", std::ios::binary) << bytes;
  try {
    engine::read_backup("damaged.bak");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model) << error.what();
    EXPECT_NE(std::string(error.what()).find("'damaged.bak'"), std::string::npos) << error.what();
    return error.what();
  }
  return "";
}

TEST_F(BackupFile, EveryDamageIsNoticed) {
  engine::write_backup("x.bak", {{{"a", at::rand({5}, seeded(3))}, {"b", at::tensor({1, 0}).to(at::kBool)}},
                                 {{"step", "12"}}});
  const std::string whole = read_bytes("x.bak");
  ASSERT_LT(whole.size(), 500u);
  EXPECT_EQ(complaint_about(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(complaint_about(whole.substr(0, size)), "") << "cut to " << size;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      EXPECT_NE(complaint_about(bytes), "") << "bit " << bit << " of byte " << at;
    }
  EXPECT_NE(complaint_about(whole + '\0'), "");
  EXPECT_NE(complaint_about(whole + whole), "");
  EXPECT_NE(complaint_about(std::string(whole.size(), '\0')), "")
      << "as file systems leave it after a power cut";
}

TEST_F(BackupFile, OthersFilesAreNoBackups) {
  weights::write_safetensors("weights.safetensors", {{"a", at::ones({3})}}, {{"sha256 ", "x"}});
  EXPECT_NE(complaint_about(read_bytes("weights.safetensors")).find("no checksum"), std::string::npos);
  EXPECT_NE(complaint_about("\x80\x02}q\x01.").find("no checksum"), std::string::npos) << "a pickle";
}

// A sound checksum does not excuse the rest.
TEST_F(BackupFile, ContentsAreCheckedBehindTheChecksum) {
  std::string header = R"({"__metadata__":{"sha256":")" + std::string(64, '0') +
                       R"("},"a":{"dtype":"F32","shape":[9],"data_offsets":[0,4]}})";
  std::string bytes = {static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  bytes += header + "1234";
  models::Sha256 hash;
  hash.add(bytes);
  bytes.replace(bytes.find(std::string(64, '0')), 64, hash.hex());
  EXPECT_NE(complaint_about(bytes).find("tensor 'a'"), std::string::npos);
}

TEST_F(BackupFile, ThatCannotBeReadIsAnErrorOfFiles) {
  const auto said = [](const std::string& path) {
    try {
      engine::read_backup(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::file);
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(said("none.bak"), "cannot read the backup 'none.bak': No such file or directory");
  fs::create_directory("folder.bak");
  EXPECT_EQ(said("folder.bak"), "cannot read the backup 'folder.bak': it is no file");
  ASSERT_EQ(::mkfifo("pipe.bak", 0600), 0);
  EXPECT_EQ(said("pipe.bak"), "cannot read the backup 'pipe.bak': it is no file");
  engine::write_backup("secret.bak", {});
  fs::permissions("secret.bak", fs::perms(0));
  fs::permissions(".", fs::perms(0755));
  const ChildReport report = in_child([&] {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) return std::string("cannot be tried");
    return said("secret.bak");
  });
  if (report.text == "cannot be tried") GTEST_SKIP() << "no other user to be";
  EXPECT_EQ(report.text, "cannot read the backup 'secret.bak': Permission denied");
}

}  // namespace
}  // namespace reverie::test
