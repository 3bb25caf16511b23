/// Terminal preview: the picture, redrawn in place on the terminal, with the run's progress below it.
///
/// By the terminal's own pictures (kitty's protocol, sixel) where the environment says that they work, else
/// by coloured characters. Shows nothing where standard error is not a terminal.

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>

#include "painter.h"
#include "reverie/plugin.h"
#include "reverie/viewer.h"
#include "screen.h"
#include "text.h"
#include "web/loss_history.h"

namespace reverie {
namespace {

using namespace terminal;

constexpr ParamSpec kParams[] = {
    number("display_scale", 1)
        .of_host()
        .help("how large the picture is shown: 1 as large as the terminal, 0.5 half as high; it is saved as "
              "it is"),
    integer("clear_every", 0).of_host().unit("steps").help("steps between clears of the display; 0 off"),
    boolean("show_graphs", false).of_host().help("loss graphs with each display"),
};

/// Set when the program goes on after Ctrl-Z: the shell has written to the terminal meanwhile.
std::atomic<bool> continued{false};
extern "C" void on_continue(int) { continued = true; }

void watch_continue() {
  struct sigaction action {};
  action.sa_handler = on_continue;
  action.sa_flags = SA_ONSTACK | SA_RESTART;  // as docs/writing-plugins.md asks
  ::sigaction(SIGCONT, &action, nullptr);
}

class TerminalPreview final : public Viewer {
 public:
  TerminalPreview(Host&, const Params& params, const Setup& setup)
      : scale_(params.get<double>("display_scale")),
        clear_every_(params.get<std::int64_t>("clear_every")),
        show_graphs_(params.get<bool>("show_graphs")),
        steps_(setup.steps),
        before_(setup.done),
        shown_(::isatty(STDERR_FILENO) && painter_.way() != Painter::Way::none) {
    if (shown_) watch_continue();
  }

  bool shows_progress() const override { return shown_; }

  void update(const RunUpdate& update) override {
    if (!shown_) return;
    take(update);
    const bool over = update.state != RunUpdate::State::running;
    std::vector<std::string> messages;
    for (const RunUpdate::Message& message : update.messages)
      messages.push_back((message.level == LogLevel::warning ? "warning: " : "") + message.text);
    if (!screen_.in_front()) {
      screen_.say(messages);
      return;
    }
    if (continued.exchange(false)) screen_.forget();
    const auto now = std::chrono::steady_clock::now();
    // Ten redraws a second are smooth.
    const bool due =
        update.picture || !messages.empty() || over || now - drawn_ > std::chrono::milliseconds(100);
    if (!due || (step_.number == 0 && !over && messages.empty())) return;
    drawn_ = now;
    draw(messages);
    if (over) screen_.leave();
  }

 private:
  void take(const RunUpdate& update) {
    for (const RunUpdate::Step& step : update.steps)
      if (show_graphs_) history_.add(step);
    if (!update.steps.empty()) step_ = update.steps.back();
    if (!update.saved.empty()) saved_ = update.saved.back().path.string();
    if (!update.picture) return;
    picture_ = io::pixels_of(update.picture->image);
    swatch_ = update.picture->palette ? io::pixels_of(*update.picture->palette) : io::Pixels8{};
    fresh_ = true;
    if (clear_every_ > 0 && update.picture->step / clear_every_ > cleared_) {
      cleared_ = update.picture->step / clear_every_;
      clear_ = true;
    }
  }

  void draw(const std::vector<std::string>& messages) {
    const Screen::Size size = screen_.size();
    const bool resized = size.cells.columns != size_.cells.columns || size.cells.rows != size_.cells.rows;
    // The terminal has wrapped the lines again: their positions are unknown.
    if (resized && size_.cells.rows > 0) clear_ = true;
    size_ = size;
    const int columns =
        std::max(1, size.cells.columns - 1);  // the last one makes some terminals go on to the next row
    Screen::Block block;
    if (show_graphs_) block.lines = sparklines(columns, std::max(0, size.cells.rows / 4));
    block.lines.push_back(status(columns));
    if (!saved_.empty()) block.lines.push_back(fit("saved " + saved_, columns));
    if (static_cast<int>(block.lines.size()) >= size.cells.rows) block.lines = {status(columns)};
    const Cells room{columns, size.cells.rows - 1 - static_cast<int>(block.lines.size())};
    const bool repaint = fresh_ || clear_ || room.rows != painted_room_;
    if (repaint) painted_ = paint(room);
    painted_room_ = room.rows;
    block.picture = painted_;
    screen_.show(block, messages, !repaint, clear_, painted_ ? painter_.remove_picture() : "");
    fresh_ = clear_ = false;
  }

  /// The picture, and the palette below it if there is one; nothing where the room is too small.
  std::optional<Screen::Picture> paint(Cells room) const {
    constexpr int kFewestRows = 3, kMostSwatchRows = 4;
    const int swatch_rows =
        swatch_.rgb.empty()
            ? 0
            : static_cast<int>(std::clamp<std::int64_t>((swatch_.height + 1) / 2, 1, kMostSwatchRows));
    room.rows -= swatch_rows;
    if (picture_.rgb.empty() || room.rows < kFewestRows) return std::nullopt;
    const Cells cells = fit(picture_.width, picture_.height, room, scale_, size_.cell);
    const bool symbols = painter_.way() == Painter::Way::symbols;
    Screen::Picture painted{painter_.paint(picture_, cells, size_.cell), cells.rows, symbols};
    if (swatch_rows > 0) {
      const std::string swatch = painter_.paint_swatch(swatch_, {cells.columns, swatch_rows});
      if (symbols)
        painted.output += "\n" + swatch;
      else
        painted.output += "\0338" + below(swatch, cells.rows);
      painted.rows += swatch_rows;
    }
    return painted;
  }

  /// Rows of characters, `rows` below the place that the cursor has.
  static std::string below(const std::string& characters, int rows) {
    std::string output = "\033[" + std::to_string(rows) + "B\r";
    for (const char c : characters) c == '\n' ? output += "\033[0m\033[1B\r" : output += c;
    return output + "\033[0m";
  }

  std::vector<std::string> sparklines(int columns, int most) const {
    constexpr int kName = 24, kValue = 9;
    std::vector<std::string> lines;
    const std::vector<std::string> names = distinct_names(step_.losses);
    for (std::size_t i = 0; i < names.size() && static_cast<int>(i) < most; ++i) {
      char value[32];
      std::snprintf(value, sizeof value, " %.4f ", step_.losses[i].value);
      std::vector<double> values;
      const auto& all = history_.series();
      const auto series = std::find_if(all.begin(), all.end(), [&](const LossHistory::Series& one) {
        return one.name == names[i] && one.kind == step_.losses[i].kind;
      });
      for (const LossHistory::Column& column : history_.columns())
        if (const auto found = column.ranges.find(static_cast<std::size_t>(series - all.begin()));
            found != column.ranges.end())
          values.push_back(found->second.mean());
      lines.push_back(
          fit(pad(names[i], kName) + value + sparkline(values, columns - kName - kValue), columns));
    }
    return lines;
  }

  std::string status(int columns) const {
    const double rate = step_.seconds > 0 ? static_cast<double>(step_.number - before_) / step_.seconds : 0;
    const double left = rate > 0 ? static_cast<double>(steps_ - step_.number) / rate : 0;
    char text[128];
    std::snprintf(text, sizeof text, " step %ld/%ld  %.2f steps/s  %s left", static_cast<long>(step_.number),
                  static_cast<long>(steps_), rate, duration(left).c_str());
    constexpr int kBar = 20, kName = 24;
    std::string line =
        bar(static_cast<double>(step_.number) / static_cast<double>(std::max<std::int64_t>(1, steps_)),
            kBar) +
        text;
    if (!show_graphs_)
      for (const RunUpdate::Loss& loss : step_.losses) {
        std::snprintf(text, sizeof text, " %.4f", loss.value);
        line += "  " + fit(loss.name, kName) + text;
      }
    return fit(line, columns);
  }

  double scale_;
  std::int64_t clear_every_;
  bool show_graphs_;
  std::int64_t steps_, before_;
  Painter painter_;
  bool shown_;
  Screen screen_{STDERR_FILENO};

  RunUpdate::Step step_{};  // the last one; number 0: none yet
  LossHistory history_;
  std::string saved_;
  io::Pixels8 picture_, swatch_;
  std::optional<Screen::Picture> painted_;
  int painted_room_ = 0;  // rows that it was painted for
  bool fresh_ = false, clear_ = false;
  std::int64_t cleared_ = 0;  // how often, had it been every time
  Screen::Size size_{};
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(TerminalPreview, Viewer, "terminal_preview", "1.0", "shows the picture in the terminal",
                      kParams, "terminal", "viewers");

}  // namespace reverie
