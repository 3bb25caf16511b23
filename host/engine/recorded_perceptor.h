#pragma once
// A perceptor whose way forward and back is recorded for each number of cutouts.

#include <memory>

#include "engine/recorded_work.h"
#include "reverie/host.h"
#include "reverie/perceptor.h"

namespace reverie::engine {

/// Recordings of one perceptor are for this many numbers of cutouts; a further one replaces the oldest.
constexpr std::size_t kMostRecordings = 4;

/// `perceptor`, with embed_images() recorded by `record` where gradients are wanted. The first time for each
/// number of cutouts, a recording is compared with the perceptor itself; if it fails or differs, a warning
/// says so and everything goes on without recordings. A way back must end before the next way forward begins.
std::shared_ptr<Perceptor> recorded(std::shared_ptr<Perceptor> perceptor, const std::string& name, Host& host,
                                    RecordWork& record);

}  // namespace reverie::engine
