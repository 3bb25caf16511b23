#pragma once
// The parameters that Adam and its variants share.

#include "reverie/params.h"

namespace reverie {

inline constexpr ParamSpec kBeta1 = number("beta1", 0.9)
                                        .range(0, 0.999999)
                                        .fixed("what the optimiser remembers of earlier steps rests on it")
                                        .help("decay of the gradients' mean from step to step");
inline constexpr ParamSpec kBeta2 = number("beta2", 0.999)
                                        .range(0, 0.999999)
                                        .fixed("what the optimiser remembers of earlier steps rests on it")
                                        .help("decay of the squared gradients' mean from step to step");
inline constexpr ParamSpec kEpsilon = number("epsilon", 1e-8)
                                          .above(0)
                                          .fixed("it only keeps divisions finite")
                                          .help("added to the root of the squared gradients' mean");

}  // namespace reverie
