#pragma once
// The view of a run that another server renders.

#include <json/value.h>

#include <functional>
#include <mutex>

#include "serve/run_record.h"
#include "web/run_view.h"

namespace reverie::serve {

class FarmView final : public web::RunView {
 public:
  /// `ask`: passes a wish on; called while the run goes.
  FarmView(const RunRecord& record, std::function<void(Wish)> ask);

  /// The other server's answer to GET state, and its newest picture; null where that is the same as before.
  void update(const Json::Value& state, Bytes picture);
  /// It goes no further there. The files that were fetched stay.
  void end(const std::string& state, const std::string& message);

  News news(Sequence since) const override;
  Sequence sequence() const override;
  bool over() const override;
  Bytes picture() const override;
  Bytes palette() const override { return nullptr; }
  std::optional<std::filesystem::path> frame(std::int64_t number) const override;
  std::optional<std::filesystem::path> kept(std::size_t index) const override;
  bool ask(Wish wish) override;
  /// Refused: only the other server records the changes of its run.
  bool change(const Steering::Settings& settings,
              std::function<void(const Steering::Answer&)> answered) override;

 private:
  const RunRecord record_;
  const std::function<void(Wish)> ask_;
  mutable std::mutex mutex_;
  Json::Value state_;
  Bytes picture_;
  Sequence sequence_ = 0;
  bool over_ = false;
};

}  // namespace reverie::serve
