#pragma once
// Questions about a run, and requests to it while it runs. Without headers of LibTorch or HTTP, so that each
// side compiles without the other's.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "reverie/steering.h"

namespace reverie::web {

/// All methods may be called from any thread.
class RunView {
 public:
  /// Grows with every event of the run; 0: before the first.
  using Sequence = std::uint64_t;
  struct News {
    Sequence sequence;  ///< of the last change in the text
    std::string json;   ///< one object on one line; docs/watching.md lists its fields
  };
  enum class Wish { pause, resume, keep, stop };
  using Bytes = std::shared_ptr<const std::string>;

  virtual ~RunView() = default;

  /// The changes since then. Since 0, that is everything that a page needs.
  virtual News news(Sequence since) const = 0;
  std::string state_json() const { return news(0).json; }
  /// The newest; to be asked now and then.
  virtual Sequence sequence() const = 0;
  /// The run has ended; nothing new will come.
  virtual bool over() const = 0;

  /// The newest picture as a PNG file; null while there is none.
  virtual Bytes picture() const = 0;
  /// The newest palette as a PNG file of one pixel for each colour; null where there is none.
  virtual Bytes palette() const = 0;
  /// The picture file that the run saved as its frame `number`, to be opened as a PlainFile.
  virtual std::optional<std::filesystem::path> frame(std::int64_t number) const = 0;
  /// The same of the picture that was kept as the `index`th, from 1.
  virtual std::optional<std::filesystem::path> kept(std::size_t index) const = 0;

  /// False when the run is over.
  virtual bool ask(Wish wish) = 0;
  /// Changes settings of the run; Steering::change() says when `answered` is called. False when the run is
  /// over: then it is not.
  virtual bool change(const Steering::Settings& settings,
                      std::function<void(const Steering::Answer&)> answered) = 0;
};

}  // namespace reverie::web
