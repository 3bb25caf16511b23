#pragma once
// The requests about one run.

#include <memory>
#include <optional>
#include <string>

#include "web/http.h"
#include "web/run_view.h"

namespace reverie::web {

/// Answers `path`, the part of the address behind the run's own and a slash:
///
///   GET state       everything about the run, as JSON
///   GET events      server-sent events: first "state" with all, then "news" with what changed, each as JSON;
///                   ends when the run is over
///   GET picture     the newest picture, PNG
///   GET palette     the newest palette, PNG
///   GET frames/N    frame N, as the run saved it
///   GET kept/I      the Ith picture that was kept, from 1
///   POST pause, resume, keep, stop
///   PATCH (nothing) changes settings: {"learning_rate": 0.02}; answered with {"step": 40}, the steps that
///   will
///                   have been done before it takes effect, or with the problems
///
/// Nothing when it is none of these.
std::optional<HttpResponse> answer_run(const std::shared_ptr<RunView>& run, const std::string& path,
                                       const HttpRequest& request);

}  // namespace reverie::web
