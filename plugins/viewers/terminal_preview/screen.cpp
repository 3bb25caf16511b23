#include "screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>

#include "reverie/error.h"

namespace reverie::terminal {
namespace {

constexpr const char* kClearToEndOfLine = "\033[K";
constexpr const char* kClearBelow = "\033[J";
constexpr const char* kClearAll = "\033[2J\033[H";

std::string up(int rows) { return rows > 0 ? "\033[" + std::to_string(rows) + "A\r" : "\r"; }
std::string down(int rows) { return rows > 0 ? "\033[" + std::to_string(rows) + "B\r" : "\r"; }

}  // namespace

Screen::Size Screen::size() const {
  winsize reported{};
  Size size{{80, 24}, {}};
  if (::ioctl(descriptor_, TIOCGWINSZ, &reported) != 0 || reported.ws_col == 0 || reported.ws_row == 0)
    return size;
  size.cells = {reported.ws_col, reported.ws_row};
  if (reported.ws_xpixel >= reported.ws_col && reported.ws_ypixel >= reported.ws_row)
    size.cell = {reported.ws_xpixel / reported.ws_col, reported.ws_ypixel / reported.ws_row};
  return size;
}

bool Screen::in_front() const {
  const pid_t group = ::tcgetpgrp(descriptor_);
  return group < 0 || group == ::getpgrp();  // a terminal may belong to no session
}

void Screen::show(const Block& block, const std::vector<std::string>& messages, bool same_picture, bool clear,
                  const std::string& remove_picture) {
  const int lines = static_cast<int>(block.lines.size());
  const int rows = lines + (block.picture ? block.picture->rows : 0);
  // The cursor is hidden only within one write, so that it is visible however the program ends.
  std::string output = "\033[?25l";
  const bool lines_only =
      same_picture && messages.empty() && !clear && drawn_.rows == rows && drawn_.lines == lines;
  if (lines_only) {
    output += up(lines - 1);
  } else {
    output += up(drawn_.rows - 1);
    output += remove_picture;
    if (clear) output += kClearAll;
    if (!messages.empty() || drawn_.rows != rows) output += kClearBelow;
    for (const std::string& message : messages) output += message + kClearToEndOfLine + "\r\n";
    // Makes room; what is above scrolls away.
    output.append(static_cast<std::size_t>(rows - 1), '\n');
    output += up(rows - 1);
    if (block.picture && block.picture->symbols) {
      std::istringstream picture(block.picture->output);
      for (std::string row; std::getline(picture, row);)
        output += row + "\033[0m" + kClearToEndOfLine + "\r\n";
    } else if (block.picture) {
      // Where a picture of pixels leaves the cursor differs.
      output += "\0337" + block.picture->output + "\0338" + down(block.picture->rows);
    }
  }
  for (int i = 0; i < lines; ++i)
    output += (i ? "\r\n" : "") + block.lines[static_cast<std::size_t>(i)] + kClearToEndOfLine;
  write(output + "\033[?25h");
  drawn_ = {rows, lines};
}

void Screen::say(const std::vector<std::string>& messages) {
  std::string output;
  for (const std::string& message : messages) output += message + "\r\n";
  if (!output.empty()) write(output);
  forget();
}

void Screen::leave() {
  if (drawn_.rows > 0) write("\r\n");
  forget();
}

void Screen::write(const std::string& output) const {
  for (std::size_t done = 0; done < output.size();) {
    const ssize_t count = ::write(descriptor_, output.data() + done, output.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {  // somebody else has made it so
      pollfd wait{descriptor_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
      continue;
    }
    if (count <= 0)
      throw Error(ErrorKind::file,
                  "the terminal cannot be written to: " + std::generic_category().message(errno));
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace reverie::terminal
