/// Ends its process as soon as it looks at weights, which `reverie check` does, too; its name comes first.

#include <cstdlib>

#include "reverie/error.h"
#include "reverie/perceptor.h"
#include "reverie/plugin.h"
#include "reverie/weights.h"

namespace reverie {
namespace {

class ACrash final : public Perceptor {
 public:
  ACrash(Host&, const Params&, const Setup&) { throw Error(ErrorKind::plugin, "it is never chosen"); }

  static bool accepts(const Weights& weights) {
    if (weights.metadata().contains("crash")) std::abort();
    return false;
  }

  std::int64_t input_size() const override { return 1; }
  std::int64_t embedding_size() const override { return 1; }
  at::Tensor embed_images(const at::Tensor& images) override { return images; }
  at::Tensor embed_texts(const std::vector<std::string>&) override { return {}; }
};

}  // namespace

REVERIE_EXPORT_PLUGIN(ACrash, Perceptor, "a_crash", "1.0", "ends its process", kNoParams);

}  // namespace reverie
