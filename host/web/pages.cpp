#include "web/pages.h"

namespace reverie::web {
namespace {

std::string type_of(const std::string& name) {
  const std::string extension = name.substr(std::min(name.rfind('.'), name.size()));
  const std::string type = extension == ".html"   ? "text/html"
                           : extension == ".css"  ? "text/css"
                           : extension == ".js"   ? "text/javascript"
                           : extension == ".svg"  ? "image/svg+xml"
                           : extension == ".json" ? "application/json"
                                                  : "text/plain";
  return type + "; charset=utf-8";
}

}  // namespace

HttpResponse page(const std::string& name) { return page(name, page_files()); }

HttpResponse page(const std::string& name, std::span<const PageFile> files) {
  for (const PageFile& file : files)
    if (name == file.name) return HttpResponse::text(std::string(file.bytes), type_of(name));
  return HttpResponse::error(404, "there is no such page");
}

}  // namespace reverie::web
