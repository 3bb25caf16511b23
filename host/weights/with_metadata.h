#pragma once
// Weights about which more is known than their file says.

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "reverie/weights.h"

namespace reverie::weights {

/// The same tensors. What the file itself says comes first.
class WithMetadata final : public Weights {
 public:
  WithMetadata(std::shared_ptr<const Weights> file, std::map<std::string, std::string> more)
      : file_(std::move(file)), metadata_(file_->metadata()) {
    metadata_.merge(more);
  }
  std::vector<std::string> names() const override { return file_->names(); }
  bool contains(const std::string& name) const override { return file_->contains(name); }
  at::Tensor tensor(const std::string& name) const override { return file_->tensor(name); }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  std::string origin() const override { return file_->origin(); }

 private:
  std::shared_ptr<const Weights> file_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace reverie::weights
