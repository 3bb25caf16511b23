#pragma once
// The process in which runs are rendered: the other side of RunWorker.

#include "serve/channel.h"
#include "serve/run_settings.h"

namespace reverie::serve {

/// Renders one run after another, as the server sends them, and keeps their models loaded. Does not return
/// before the server is gone. What is sent:
///
///   from the server  run {record}             the next one; the rest is about it
///                    kept | not_kept {message, advice}  the answer to begins
///                    pause, resume, keep, stop
///                    end                      saves the run that goes, as the whole server ends
///   to the server    takes                   the run is this process' from here on
///                    begins {folder, base}    the names of its files, before any of them is written
///                    restored {number}        it goes on from this backup
///                    prepared {...}, update {...}  see update_message.h
///                    warns {text}             what the artist should know, found while it goes
///                    moves {done}             of a motion preview
///                    over {interrupted} | failed {message, advice}
void render_runs(Channel& channel, RunKind kind, const RunRules& rules);

}  // namespace reverie::serve
