#pragma once
// The curves of a client's settings: what `reverie curves` shows, with the keyframes.

#include "serve/run_settings.h"

namespace reverie::serve {

/// The answer to POST /api/curves, as docs/openapi.json describes it. Where there are problems it has no
/// curves.
Json::Value curves_answer(const Submission& submission, const RunRules& rules);

}  // namespace reverie::serve
