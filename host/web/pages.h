#pragma once
// The files of pages/, which are part of the program.

#include <string>

#include "web/http.h"

namespace reverie {

/// The file, or 404 when there is none of that name.
HttpResponse page(const std::string& name);

}  // namespace reverie
