#pragma once
// How the program reacts to signals.

#include <string>

namespace reverie::cli {

/// From now on writing to a pipe that nobody reads, or beyond the largest size of a file, is an error where
/// it happens and not the end of the program.
void survive_failed_writes();

/// From now on Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 set `interrupted`, and `answer` is logged at once, however
/// long the present step takes; a second Ctrl-C or SIGTERM ends the program at once, but not the copy of the
/// first one that the parent process passes on. A SIGHUP that was ignored when the program began (nohup)
/// stays so.
void end_on_signals(const std::string& answer);

/// What the program leaves with: `status`, but EX_TEMPFAIL (75) for a run that was interrupted (130) by
/// SIGUSR1. By that a batch system says that the time is up, and it starts the run again.
int exit_status_of(int status);

}  // namespace reverie::cli
