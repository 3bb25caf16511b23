#pragma once
// The view of a run that is not in memory any more: made from its record and its files.

#include "serve/run_files.h"
#include "web/run_view.h"

namespace reverie::serve {

class StoredRun final : public web::RunView {
 public:
  explicit StoredRun(const RunRecord& record);

  Sequence sequence() const override { return 1; }
  News news(Sequence since) const override;
  bool over() const override { return true; }
  Bytes picture() const override;  ///< its last frame
  Bytes palette() const override { return nullptr; }
  std::optional<std::filesystem::path> frame(std::int64_t number) const override;
  std::optional<std::filesystem::path> kept(std::size_t index) const override;
  bool ask(Wish) override { return false; }
  bool change(const Steering::Settings&, std::function<void(const Steering::Answer&)>) override {
    return false;
  }

 private:
  RunRecord record_;
  std::vector<RunFile> frames_, kept_;
};

}  // namespace reverie::serve
