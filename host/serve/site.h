#pragma once
// Everything that is at the server's addresses.

#include "serve/api.h"

namespace reverie::serve {

/// The interface for programs below /api/, the studio at /, the page of a run at /runs/<id>, and their files
/// in /pages/.
web::HttpResponse answer_site(const web::HttpRequest& request, Api& api);

}  // namespace reverie::serve
