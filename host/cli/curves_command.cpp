#include <iostream>

#include "app/curves.h"
#include "cli/commands.h"
#include "log/log.h"
#include "log/printable.h"
#include "reverie/atomic_file.h"

namespace reverie::cli {

using app::Curves;
using app::curves_csv;
using app::curves_of;
using app::curves_svg;
using app::Plan;
using log::shown_line;

int curves_command(const Plan& plan, const std::string& svg) {
  for (const std::string& notice : plan.notices) log::write_log(LogLevel::warning, notice);
  const Curves curves = curves_of(plan);
  for (const std::string& name : curves.unknown)
    log::write_log(LogLevel::warning,
                   name + " is left out: it depends on sound or on depths, which only the run knows");
  if (svg.empty()) {
    std::cout << log::printable(curves_csv(curves));
    return 0;
  }
  const std::string drawing = curves_svg(curves);
  write_atomically(svg, {drawing});
  std::cout << shown_line(svg) << "\n";
  return 0;
}

}  // namespace reverie::cli
