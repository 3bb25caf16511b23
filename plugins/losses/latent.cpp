/// Latent: compares with a target in the image model's latent, and a little in the pixels. See latent_loss.h.

#include "latent_loss.h"
#include "reverie/plugin.h"

namespace reverie::losses {

REVERIE_EXPORT_PLUGIN(LatentLoss, Loss, "latent", "1.0",
                      "compares with a target in the image model's latent, and a little in the pixels",
                      kNoParams);

}  // namespace reverie::losses
