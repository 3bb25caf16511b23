#pragma once
// The files of pages/, which are part of the program.

#include <span>
#include <string>

#include "web/http.h"
#include "web/page_files.h"

namespace reverie::web {

/// The file, or 404 when there is none of that name.
HttpResponse page(const std::string& name);
/// The same of other files.
HttpResponse page(const std::string& name, std::span<const PageFile> files);

}  // namespace reverie::web
