#include "painter.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>
#include <string_view>

namespace reverie::terminal {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool has(const ChafaTermInfo* terminal, ChafaTermSeq sequence) {
  return chafa_term_info_have_seq(terminal, sequence);
}

ChafaCanvasMode colours_of(const ChafaTermInfo* terminal) {
  if (!variable("NO_COLOR").empty()) return CHAFA_CANVAS_MODE_FGBG;
  if (has(terminal, CHAFA_TERM_SEQ_SET_COLOR_FGBG_DIRECT)) return CHAFA_CANVAS_MODE_TRUECOLOR;
  if (has(terminal, CHAFA_TERM_SEQ_SET_COLOR_FGBG_256)) return CHAFA_CANVAS_MODE_INDEXED_240;
  if (has(terminal, CHAFA_TERM_SEQ_SET_COLOR_FGBG_16)) return CHAFA_CANVAS_MODE_INDEXED_16;
  if (has(terminal, CHAFA_TERM_SEQ_SET_COLOR_FGBG_8)) return CHAFA_CANVAS_MODE_INDEXED_8;
  return CHAFA_CANVAS_MODE_FGBG;
}

Painter::Way way_of(const ChafaTermInfo* terminal) {
  const std::string_view name = variable("TERM");
  if (name.empty() || name == "dumb") return Painter::Way::none;
  // Variables of the terminal around it reach the programs in a multiplexer, its pictures do not. Without
  // colours, pictures of pixels would be none.
  const bool multiplexer = name.starts_with("screen") || name.starts_with("tmux") ||
                           !variable("TMUX").empty() || !variable("STY").empty();
  if (multiplexer || !variable("NO_COLOR").empty()) return Painter::Way::symbols;
  if (has(terminal, CHAFA_TERM_SEQ_BEGIN_KITTY_IMMEDIATE_IMAGE_V1)) return Painter::Way::kitty;
  if (has(terminal, CHAFA_TERM_SEQ_BEGIN_SIXELS)) return Painter::Way::sixel;
  return Painter::Way::symbols;
}

bool has_few_colours(ChafaCanvasMode colours) {
  return colours != CHAFA_CANVAS_MODE_TRUECOLOR && colours != CHAFA_CANVAS_MODE_INDEXED_240;
}

ChafaTermInfo* detect() {
  gchar** environment = g_get_environ();
  ChafaTermInfo* found = chafa_term_db_detect(chafa_term_db_get_default(), environment);
  g_strfreev(environment);
  if (!found) throw std::bad_alloc();
  return found;
}

}  // namespace

Painter::Painter()
    : terminal_(detect()), colours_(colours_of(terminal_.get())), way_(way_of(terminal_.get())) {}

std::string Painter::paint(const io::Pixels8& pixels, Cells cells, CellSize cell) const {
  if (way_ == Way::kitty) {
    // The terminal enlarges it: no more pixels are sent than there are.
    cell.width = std::clamp(static_cast<int>(pixels.width / cells.columns) + 1, 1, cell.width);
    cell.height = std::clamp(static_cast<int>(pixels.height / cells.rows) + 1, 1, cell.height);
  }
  return paint(pixels, cells, cell,
               way_ == Way::kitty   ? CHAFA_PIXEL_MODE_KITTY
               : way_ == Way::sixel ? CHAFA_PIXEL_MODE_SIXELS
                                    : CHAFA_PIXEL_MODE_SYMBOLS);
}

std::string Painter::paint_swatch(const io::Pixels8& pixels, Cells cells) const {
  // As many pixels as chafa looks at, so that it mixes none.
  constexpr int kSide = 8;
  io::Pixels8 large{{}, kSide * cells.columns, kSide * cells.rows};
  for (std::int64_t y = 0; y < large.height; ++y)
    for (std::int64_t x = 0; x < large.width; ++x) {
      const auto from = static_cast<std::ptrdiff_t>(
          3 * (y * pixels.height / large.height * pixels.width + x * pixels.width / large.width));
      large.rgb.insert(large.rgb.end(), pixels.rgb.begin() + from, pixels.rgb.begin() + from + 3);
    }
  return paint(large, cells, {}, CHAFA_PIXEL_MODE_SYMBOLS);
}

std::string Painter::paint(const io::Pixels8& pixels, Cells cells, CellSize cell, ChafaPixelMode mode) const {
  const std::unique_ptr<ChafaSymbolMap, Release<chafa_symbol_map_unref>> symbols(chafa_symbol_map_new());
  // What every font has.
  chafa_symbol_map_add_by_tags(symbols.get(), CHAFA_SYMBOL_TAG_SPACE);
  chafa_symbol_map_add_by_tags(symbols.get(), CHAFA_SYMBOL_TAG_BLOCK);
  const std::unique_ptr<ChafaCanvasConfig, Release<chafa_canvas_config_unref>> config(
      chafa_canvas_config_new());
  chafa_canvas_config_set_geometry(config.get(), cells.columns, cells.rows);
  chafa_canvas_config_set_cell_geometry(config.get(), cell.width, cell.height);
  const bool by_pixels = mode != CHAFA_PIXEL_MODE_SYMBOLS;
  // Of pixels in few colours chafa means a palette that is the same for all pictures; sixel has one of its
  // own.
  const ChafaCanvasMode colours = by_pixels ? CHAFA_CANVAS_MODE_TRUECOLOR : colours_;
  chafa_canvas_config_set_canvas_mode(config.get(), colours);
  chafa_canvas_config_set_pixel_mode(config.get(), mode);
  chafa_canvas_config_set_symbol_map(config.get(), symbols.get());
  chafa_canvas_config_set_preprocessing_enabled(config.get(), has_few_colours(colours));
  chafa_canvas_config_set_dither_mode(config.get(), has_few_colours(colours) ? CHAFA_DITHER_MODE_ORDERED
                                                    : colours == CHAFA_CANVAS_MODE_INDEXED_240
                                                        ? CHAFA_DITHER_MODE_DIFFUSION
                                                        : CHAFA_DITHER_MODE_NONE);
  const std::unique_ptr<ChafaCanvas, Release<chafa_canvas_unref>> canvas(chafa_canvas_new(config.get()));
  chafa_canvas_draw_all_pixels(canvas.get(), CHAFA_PIXEL_RGB8, pixels.rgb.data(),
                               static_cast<gint>(pixels.width), static_cast<gint>(pixels.height),
                               static_cast<gint>(3 * pixels.width));
  GString* printed = chafa_canvas_print(canvas.get(), terminal_.get());
  std::string text(printed->str, printed->len);
  g_string_free(printed, TRUE);
  return text;
}

Cells fit(std::int64_t width, std::int64_t height, Cells room, double scale, CellSize cell) {
  const double columns = std::max(1, room.columns), rows = std::max(1, room.rows);
  // How many columns the picture has for each row.
  const double shape = static_cast<double>(width) / static_cast<double>(height) * cell.height /
                       static_cast<double>(cell.width);
  const double high = std::min(rows, columns / shape);
  const double scaled = high * std::min(1.0, scale);
  return {std::clamp(static_cast<int>(std::lround(scaled * shape)), 1, room.columns),
          std::clamp(static_cast<int>(std::lround(scaled)), 1, room.rows)};
}

}  // namespace reverie::terminal
