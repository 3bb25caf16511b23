#include "engine/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "log/log.h"
#include "log/printable.h"

namespace reverie::engine {

using log::shown_line;
namespace {

std::string duration(double seconds) {
  char text[32];
  const auto s = static_cast<long>(seconds + 0.5);
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
  return text;
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

/// Cuts to `width` characters without splitting one (UTF-8).
std::string fit(const std::string& text, std::size_t width) {
  std::size_t characters = 0, i = 0;
  for (; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && characters++ == width) break;
  return text.substr(0, i);
}

}  // namespace

Progress::Progress(std::int64_t total_steps, bool terminal, std::int64_t before, std::string unit)
    : total_(total_steps),
      before_(before),
      terminal_(terminal),
      unit_(std::move(unit)),
      start_(Clock::now()),
      last_drawn_(start_) {}

Progress::~Progress() { clear_line(); }

void Progress::show(const RunEvent& event) {
  if (const auto* step = std::get_if<RunUpdate::Step>(&event)) {
    const auto now = Clock::now();
    // Ten redraws a second are smooth; without a terminal, about twenty lines are enough for a run.
    const bool due = terminal_ ? now - last_drawn_ > std::chrono::milliseconds(100)
                               : step->number % std::max<std::int64_t>(1, total_ / 20) == 0;
    if (!due && step->number != total_) return;
    last_drawn_ = now;
    draw(*step);
  } else if (const auto* file = std::get_if<RunUpdate::File>(&event)) {
    clear_line();
    std::cerr << "saved " << shown_line(file->path.string()) << std::endl;
  } else if (const auto* message = std::get_if<RunUpdate::Message>(&event)) {
    clear_line();
    log::print_log(message->level, message->text);
  } else if (std::holds_alternative<RunEnd>(event)) {
    clear_line();
  }
}

void Progress::draw(const RunUpdate::Step& step) {
  const std::int64_t done = step.number;
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done - before_) / seconds : 0;
  char head[128];
  std::snprintf(head, sizeof head, "%s %ld/%ld  %.2f %ss/s  %s left", unit_.c_str(), static_cast<long>(done),
                static_cast<long>(total_), rate, unit_.c_str(),
                duration(rate > 0 ? static_cast<double>(total_ - done) / rate : 0).c_str());
  std::string line = head;
  for (const RunUpdate::Loss& loss : step.losses) {
    char text[32];
    std::snprintf(text, sizeof text, " %.4f", loss.value);
    line += "  " + fit(shown_line(loss.name), 24) + text;
  }
  if (!terminal_) {
    std::cerr << line << std::endl;
    return;
  }
  constexpr std::size_t kBar = 20;
  const std::size_t filled =
      static_cast<std::size_t>(done) * kBar / static_cast<std::size_t>(std::max<std::int64_t>(total_, 1));
  std::string bar;
  for (std::size_t i = 0; i < kBar; ++i) bar += i < filled ? "█" : "░";
  std::cerr << "\r\033[K" << bar << ' ' << fit(line, terminal_width() - kBar - 2) << std::flush;
  bar_shown_ = true;
}

void Progress::clear_line() {
  if (bar_shown_) std::cerr << "\r\033[K" << std::flush;
  bar_shown_ = false;
}

}  // namespace reverie::engine
